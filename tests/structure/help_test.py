"""Every command of scripts/ and bench/ says what it does when it is asked for help, and does nothing else."""

import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = [*(path for path in sorted((ROOT / "scripts").iterdir()) if os.access(path, os.X_OK)), ROOT / "bench" / "peers" / "setup"]


class Help(unittest.TestCase):
    def test_says_what_the_command_does(self):
        for command in COMMANDS:
            for flag in ("-h", "--help"):
                with self.subTest(command=command.name, flag=flag):
                    said = subprocess.run([command, flag], capture_output=True, text=True, timeout=20, cwd="/")
                    self.assertEqual(said.returncode, 0, said.stderr)
                    self.assertIn(str(command.relative_to(ROOT)), said.stdout)


if __name__ == "__main__":
    unittest.main()
