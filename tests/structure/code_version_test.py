#!/usr/bin/env python3
"""The file that names the code: by version and commit, written anew only when it would say something else.

usage: code_version_test.py CMAKE
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class CodeVersion(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.checkout = pathlib.Path(scratch.name, "checkout")
        self.checkout.mkdir()
        (self.checkout / "code").write_text("one")
        self.output = pathlib.Path(scratch.name, "code_version.cpp")

    def written(self, source=None):
        subprocess.run([CMAKE, f"-DSOURCE={source or self.checkout}", "-DVERSION=0.1.0", f"-DTEMPLATE={ROOT}/pinn/code_version.cpp.in",
                        f"-DOUTPUT={self.output}", "-P", ROOT / "cmake/code_version.cmake"], check=True)
        return self.output.read_text()

    def git(self, *words):
        name = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
        done = subprocess.run(["git", *name, *words], cwd=self.checkout, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self):
        self.git("init", "--quiet")
        self.git("add", "code")
        self.git("commit", "--quiet", "--no-gpg-sign", "--message", "first")
        return self.git("rev-parse", "--short", "HEAD")

    def test_is_the_bare_version_outside_of_a_checkout(self):
        self.assertIn('kCodeVersion = "0.1.0";', self.written())

    @unittest.skipUnless(shutil.which("git"), "needs git")
    def test_has_the_commit_and_whether_something_changed_since(self):
        commit = self.commit()
        self.assertIn(f'kCodeVersion = "0.1.0+{commit}";', self.written())
        (self.checkout / "code").write_text("two")
        self.assertIn(f'kCodeVersion = "0.1.0+{commit}-dirty";', self.written())

    @unittest.skipUnless(shutil.which("git"), "needs git")
    def test_is_not_written_again_for_the_same_commit(self):
        self.commit()
        self.written()
        before = self.output.stat().st_mtime_ns
        self.written()
        self.assertEqual(self.output.stat().st_mtime_ns, before)

    @unittest.skipUnless(shutil.which("git"), "needs git")
    def test_takes_no_commit_of_a_repository_around_it(self):
        self.commit()
        inside = self.checkout / "unpacked"
        inside.mkdir()
        self.assertIn('kCodeVersion = "0.1.0";', self.written(inside))


if __name__ == "__main__":
    CMAKE = sys.argv.pop(1)
    unittest.main()
