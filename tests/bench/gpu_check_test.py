#!/usr/bin/env python3
"""scripts/gpu_check without a GPU: what it reads is read rightly, and with stand-ins for card, tools and programs it measures,
bundles, unpacks and reports as it would beside a GPU."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.dont_write_bytecode = True

from bench import bundle, gpu, scoreboard  # noqa: E402  (after the path)
from bench.areas import cuda  # noqa: E402
from bench.peers import gpu_contest  # noqa: E402
from bench.peers.contest import Contestant  # noqa: E402


def case(scalar, multiplies, width, **more):
    return {"physics": "transport_2d", "channels": 4, "width": width, "depth": 5, "points": 1 << 20, "scalar": scalar,
            "multiplies": multiplies, "workspace_bytes": 1 << 24, "milliseconds": 5.0, "fastest_milliseconds": 4.9, "samples": 60,
            "mpoints_per_second": 210.0, "gradient_error": 2e-7 if multiplies == "threads" else 3e-7, "loss_error": 1e-8,
            "step_points": 8192, "step_microseconds": 55.0, **more}


REPORT = {"device": {"name": "NVIDIA H999"},
          "cases": [*(case(*way, width) for way in cuda.PEAKS for width in (64, 128)),
                    {**case("float", "tensor", 256), "wrong": "wrong loss: relative error 1.0e-01"}]}

# A program that is asked for a report, or serves as a contestant.
BENCH = f"""\
#!{sys.executable}
import array, json, sys, time
if "report" in sys.argv:
    time.sleep(0.7)  # for the watch over the clocks
    print({json.dumps(REPORT)!r})
elif "--write-problem" in sys.argv:
    open(sys.argv[-1], "w").close()
else:
    for line in sys.stdin:
        verb, *rest = line.split()
        if verb == "answer":
            array.array("d", [1.0, 2.0, 3.0]).tofile(open(rest[0], "wb"))
        print({{"answer": "ok", "memory": "1000", "time": "0.01 0.01"}}[verb], flush=True)
"""
TESTS = f"""\
#!{sys.executable}
import json, os, sys
first = os.environ.get("GTEST_SHARD_INDEX") == "0"
tests = [{{"name": "Works", "result": "COMPLETED"}}, {{"name": "Later", "result": "SKIPPED"}}] if first else []
report = {{"testsuites": [{{"name": "Cuda", "testsuite": tests}}]}}
open(sys.argv[1].removeprefix("--gtest_output=json:"), "w").write(json.dumps(report))
"""
SMI = f"""\
#!{sys.executable}
import sys
fields = sys.argv[1].removeprefix("--query-gpu=").split(",")
print(", ".join("NVIDIA H999" if field == "name" else "1980" for field in fields))
"""
NO_SMI = "#!/bin/sh\necho 'No devices were found'\nexit 6\n"
SANITIZER = "#!/bin/sh\necho '========= ERROR SUMMARY: 0 errors'\n"
PROFILE = '''\
==PROF== Connected to process 7
"ID","Process ID","Process Name","Kernel Name","Section Name","Metric Name","Metric Unit","Metric Value"
"0","7","residua_cuda_bench","fused_kernel","","dram__throughput.avg.pct_of_peak_sustained_elapsed","%","1.50"
"0","7","residua_cuda_bench","fused_kernel","","sm__throughput.avg.pct_of_peak_sustained_elapsed","%","61.25"
'''
NCU = f"#!/bin/sh\ncat <<'END'\n{PROFILE}END\n"


def write_program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


class Reading(unittest.TestCase):
    def test_a_report_gives_its_cases_by_what_they_are(self):
        cases, device = gpu.read_report(json.dumps(REPORT))
        self.assertEqual(cases["float", "tensor", 64]["mpoints_per_second"], 210)
        self.assertEqual(device["name"], "NVIDIA H999")

    def test_a_report_that_is_none_is_refused(self):
        for text in ("", "{", "[]", '{"cases": []}', '{"cases": [{"scalar": "float"}], "device": {}}'):
            with self.assertRaisesRegex(scoreboard.Failed, "expected JSON"):
                gpu.read_report(text)

    def test_a_line_of_the_card_has_numbers_and_text(self):
        self.assertEqual(gpu.read_fields("name,clocks.sm,power.draw", "NVIDIA H999 80GB, 1980, [N/A]"),
                         {"name": "NVIDIA H999 80GB", "clocks.sm": 1980, "power.draw": "[N/A]"})

    def test_a_profile_gives_the_shares_of_peak(self):
        self.assertEqual(gpu.read_profile(PROFILE), {"multiprocessors": 61.25, "memory": 1.5})
        with self.assertRaisesRegex(scoreboard.NotMeasured, "ERR_NVGPUCTRPERM"):
            gpu.read_profile("==ERROR== ERR_NVGPUCTRPERM")

    def test_findings_of_the_sanitizer_are_counted(self):
        self.assertEqual(gpu.sanitizer_findings("========= ERROR SUMMARY: 3 errors\n"), 3)
        self.assertEqual(gpu.sanitizer_findings("========= RACECHECK SUMMARY: 2 hazards displayed (1 errors, 1 warnings)\n"), 2)
        with self.assertRaisesRegex(scoreboard.Failed, "Device not supported"):
            gpu.sanitizer_findings("========= Error: Device not supported")

    def test_skipped_tests_have_not_run(self):
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder, "report.json")
            tests = [{"name": "A", "result": "COMPLETED"}, {"name": "B", "result": "SKIPPED"},
                     {"name": "C", "result": "COMPLETED", "failures": [{"failure": "no"}]}]
            report.write_text(json.dumps({"testsuites": [{"name": "Cuda", "testsuite": tests}]}))
            self.assertEqual(gpu.read_test_report(report, 1), (2, ["Cuda.C"]))


class Contest(unittest.TestCase):
    def test_the_faster_of_our_ways_is_compared_with_peers_that_are_right(self):
        with tempfile.TemporaryDirectory() as folder:
            build = pathlib.Path(folder)
            write_program(build / "bench/residua_cuda_bench", BENCH)
            write_program(build / "slow", BENCH.replace("0.01", "0.08"))
            write_program(build / "wrong", BENCH.replace("3.0]", "9.0]"))
            run = scoreboard.Run(build)

            def start_peer(_, name, *__):
                return Contestant([build / ("wrong" if name == gpu_contest.JETS else "slow")])

            with mock.patch.object(gpu, "card"), mock.patch.object(gpu_contest, "start_peer", start_peer), \
                    mock.patch.object(gpu_contest, "python_with_torch"):
                outcome = gpu_contest.outcome_of(run, gpu_contest.CASES[0])
                ratio, note = cuda.over(gpu_contest.CASES[0], [gpu_contest.NESTED])(run)
                with self.assertRaisesRegex(scoreboard.Failed, "wrong answer"):
                    cuda.over(gpu_contest.CASES[0], [gpu_contest.JETS])(run)
                self.assertEqual(cuda.memory_over_nested(gpu_contest.CASES[0])(run)[0], 100)
            self.assertEqual(list(outcome.absent), [gpu_contest.JETS])
            self.assertAlmostEqual(ratio, 8)
            self.assertIn("torch_nested 80 ms", note)
            self.assertIn("8.0", "\n".join(cuda.peer_table({"heat": cuda.peer_times(outcome)})))


class Command(unittest.TestCase):
    """A bundle of stand-ins, unpacked on a machine whose PATH has stand-ins for the tools of a card, and no PyTorch."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.place = pathlib.Path(scratch.name)
        self.build, self.tools = self.place / "build", self.place / "tools"
        for program in bundle.PROGRAMS:
            (self.build / program).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(shutil.which("true"), self.build / program)
        for name, text in {"nvidia-smi": SMI, "compute-sanitizer": SANITIZER, "ncu": NCU}.items():
            write_program(self.tools / name, text)
        (self.tools / "torch.py").write_text("raise ImportError('not on this machine')\n")

    def call(self, root, *arguments):
        path = f"{self.tools}:{os.environ['PATH']}"
        return subprocess.run([sys.executable, root / "scripts/gpu_check", *map(str, arguments)], check=False, text=True,
                              capture_output=True, env={**os.environ, "PATH": path, "PYTHONPATH": str(self.tools)})

    def unpacked(self):
        archive = self.place / "check.tar.gz"
        done = self.call(ROOT, "--bundle", archive, "--build", self.build)
        self.assertEqual(done.returncode, 0, done.stderr)
        shutil.unpack_archive(archive, self.place)
        root = self.place / bundle.FOLDER
        write_program(root / "build/bench/residua_cuda_bench", BENCH)
        write_program(root / "build/tests/residua_kernels_gpu_test", TESTS)
        write_program(root / "build/tests/surrogates/residua_surrogates_gpu_test", TESTS)
        return root

    def test_a_bundle_measures_and_its_results_are_taken_home(self):
        root = self.unpacked()
        done = self.call(root)
        for line in ("PASS tests/failed 0 tests <=0  # of 2", "PASS float/tensor/64 210 Mpoints/s >=200",
                     "MISS float/tensor/256 - Mpoints/s >=12  # wrong loss: relative error 1.0e-01",
                     "MISS float/64/tensor_error_over_threads 1.5 x <=1", "PASS sanitizer/memcheck 0 errors <=0",
                     "INFO float/tensor/64/peak_share 61.25 % -", "NOT-MEASURED heat/64/float32", "found: ImportError: not on this machine"):
            self.assertIn(line, done.stdout)
        self.assertEqual(done.returncode, 1, done.stderr)
        results = root / "bench/results/nvidia-h999.json"
        written = json.loads(results.read_text())
        self.assertEqual(written["clocks"]["64"]["clocks.sm"]["median"], 1980)
        self.assertEqual(written["code"], scoreboard.describe_code())
        table = (root / "docs/benchmarks.md").read_text()
        self.assertIn("NVIDIA H999", table)
        self.assertIn("| float/tensor/64 | 210 | Mpoints/s | >=200 | PASS |", table)

        (root / "docs/benchmarks.md").write_text((ROOT / "docs/benchmarks.md").read_text())
        results = results.rename(self.place / "carried.json")
        taken = self.call(root, "--take", results)
        self.assertEqual(taken.returncode, 0, taken.stderr)
        self.assertEqual(json.loads((root / "bench/results/nvidia-h999.json").read_text()), written)
        self.assertEqual((root / "docs/benchmarks.md").read_text(), table)

    def test_without_a_gpu_it_says_so_in_one_line(self):
        write_program(self.tools / "nvidia-smi", NO_SMI)
        done = self.call(ROOT, "--build", self.build)
        self.assertEqual((done.returncode, done.stderr),
                         (3, "gpu_check: expected a GPU, nvidia-smi says: No devices were found\n"))

    def test_without_a_build_it_says_how_to_get_one(self):
        done = self.call(ROOT, "--build", self.place / "nowhere")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--target residua_cuda_bench", done.stderr)

    def test_a_bundle_that_is_too_large_is_refused_and_removed(self):
        target = self.place / "check.tar.gz"
        with mock.patch.object(bundle, "LIMIT", 1000), self.assertRaisesRegex(bundle.Unbundled, "expected less than"):
            bundle.write(self.build, target)
        self.assertEqual(list(self.place.glob("check*")), [])

    def test_results_of_something_else_are_not_taken(self):
        other = self.place / "other.json"
        other.write_text('{"area": "kernels", "figures": []}')
        self.assertEqual(self.call(self.unpacked(), "--take", other).returncode, 1)


if __name__ == "__main__":
    unittest.main()
