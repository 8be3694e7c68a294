"""What bench/areas/cuda.py asks of a machine with a GPU: the card, the tests, sanitizer and profiler, the timing program.

Programs are those of the build folder, or of a bundle (bench/bundle.py), which is laid out alike.
"""

import contextlib
import csv
import io
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

from bench.scoreboard import Failed, NotMeasured, say

SAMPLED = "clocks.sm,clocks.mem,power.draw,temperature.gpu"
CARD = f"name,driver_version,memory.total,clocks.max.sm,power.limit,{SAMPLED}"
TEST_SECONDS, SANITIZER_SECONDS, REPORT_SECONDS, PROFILER_SECONDS = 240, 60, 60, 40
# Of the tests, those that take the sanitizer's slow kernels through few points only.
SANITIZED_TESTS = "CudaDevice/heat.Rows*:CudaDevice/leach_column.Rows*:CudaDevice/kiln_wall.Residual*:Cuda.*"
# The timing program, in every way that it computes, over points that end within a tile.
SANITIZED_REPORT = ("report", "--widths", 33, "--depth", 2, "--points", 500, "--step-points", 100, "--seconds", 0)


def tool(name):
    """A program of the CUDA toolkit."""
    found = shutil.which(name) or shutil.which(name, path="/usr/local/cuda/bin:/opt/cuda/bin")
    if not found:
        raise NotMeasured(f"{name} is not there: it comes with the CUDA toolkit")
    return found


def seconds_left(run, at_most, at_least=10):
    """For a step that may take so long, in a run that may have an end."""
    left = run.deadline - time.monotonic() if run.deadline else at_most
    if left < at_least:
        raise NotMeasured("the time of this run is over (--minutes)")
    return min(left, at_most)


# --- card -------------------------------------------------------------------------------------------------------------


def smi(fields):
    program = shutil.which("nvidia-smi")
    if not program:
        raise NotMeasured("expected a GPU, found no nvidia-smi")
    return [program, f"--query-gpu={fields}", "--format=csv,noheader,nounits"]


def read_fields(fields, line):
    """A line of nvidia-smi by field: numbers as such, text as it stands."""
    return dict(zip(fields.split(","), (number_or_text(word.strip()) for word in line.split(","))))


def number_or_text(word):
    return float(word) if re.fullmatch(r"\d+\.?\d*", word) else word


def find_card():
    """The first GPU of the machine, as nvidia-smi describes it."""
    done = subprocess.run(smi(CARD), check=False, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        said = (done.stdout + done.stderr).strip().splitlines() or ["nothing"]
        raise NotMeasured(f"expected a GPU, nvidia-smi says: {said[0]}")
    return read_fields(CARD, lines[0])


def card(run):
    return run.once("card", find_card)


@contextlib.contextmanager
def clocks_watched():
    """Yields a dict that holds, at the end, the medians of clocks, power and temperature in the meantime."""
    found, samples, done = {}, [], threading.Event()

    def watch():
        while not done.wait(0.3):
            said = subprocess.run(smi(SAMPLED), check=False, capture_output=True, text=True).stdout.splitlines()
            samples.extend(read_fields(SAMPLED, line) for line in said[:1])

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()
    for name in SAMPLED.split(","):
        values = [sample[name] for sample in samples if isinstance(sample.get(name), float)]
        if values:
            found[name] = {"median": statistics.median(values), "most": max(values)}


# --- tests and sanitizer ----------------------------------------------------------------------------------------------


def test_programs(run):
    found = sorted((run.build / "tests").rglob("residua_*_gpu_test"))
    if not found:
        raise NotMeasured("needs residua_kernels_gpu_test: build it, with a CUDA toolkit")
    return found


def run_tests(run):
    """How many tests ran and which failed, of the programs behind `ctest -L gpu`, dealt out to the processors."""
    card(run)
    limit, shards = seconds_left(run, TEST_SECONDS), len(os.sched_getaffinity(0))
    ran, failed = 0, []
    for program in test_programs(run):
        say(f"{program.name} in {shards} processes")
        with tempfile.TemporaryDirectory() as folder:
            end = time.monotonic() + limit
            started = [start_shard(program, pathlib.Path(folder, f"{k}.json"), k, shards) for k in range(shards)]
            try:
                for process, report in started:
                    process.wait(max(0, end - time.monotonic()))
                    count, names = read_test_report(report, process.returncode)
                    ran, failed = ran + count, failed + names
            except subprocess.TimeoutExpired as why:
                raise Failed(f"{program.name}: not done after {limit:.0f} s") from why
            finally:
                for process, _ in started:
                    process.kill()
                    process.wait()
    return ran, failed


def start_shard(program, report, index, count):
    own = {"GTEST_TOTAL_SHARDS": str(count), "GTEST_SHARD_INDEX": str(index)}
    process = subprocess.Popen([program, f"--gtest_output=json:{report}"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env={**os.environ, **own})
    return process, report


def read_test_report(report, status):
    """How many tests ran, and the names of those that failed; skipped ones do not count."""
    if not report.exists():
        raise Failed(f"the tests ended with {status} before they could report")
    ran, failed = 0, []
    for suite in json.loads(report.read_text()).get("testsuites", []):
        for test in suite["testsuite"]:
            ran += test["result"] == "COMPLETED"
            if test.get("failures"):
                failed.append(f"{suite['name']}.{test['name']}")
    return ran, failed


def failed_tests(run):
    ran, failed = run.once("gpu tests", lambda: run_tests(run))
    if not ran:
        raise Failed("no test ran: all were skipped")
    return len(failed), f"of {ran}" + "".join(f"; {name}" for name in failed[:3])


SUMMARY = re.compile(r"(?:ERROR SUMMARY: (\d+) errors?|RACECHECK SUMMARY: (\d+) hazards? displayed)")


def sanitizer_findings(text):
    """Errors that compute-sanitizer counts in what it printed."""
    found = SUMMARY.findall(text)
    if not found:
        raise Failed(f"compute-sanitizer: no summary: {(text.strip().splitlines() or ['no output'])[-1]}")
    return sum(int(errors or hazards) for errors, hazards in found)


def sanitized(run, checker):
    """Errors that a tool of compute-sanitizer finds in the timing program and in a few tests."""
    card(run)
    program = tool("compute-sanitizer")
    commands = [[timing_program(run), *SANITIZED_REPORT],
                [run.build / "tests/residua_kernels_gpu_test", f"--gtest_filter={SANITIZED_TESTS}"]]
    errors = 0
    for command in commands:
        if not command[0].exists():
            continue
        say(f"{checker} of {command[0].name}")
        words = [program, "--tool", checker, *map(str, command)]
        try:
            done = subprocess.run(words, check=False, capture_output=True, text=True,
                                  timeout=seconds_left(run, SANITIZER_SECONDS))
        except subprocess.TimeoutExpired as why:
            raise NotMeasured(f"{checker} of {command[0].name}: not done after {why.timeout:.0f} s") from why
        errors += sanitizer_findings(done.stdout + done.stderr)
    return errors


# --- timing program ---------------------------------------------------------------------------------------------------


def timing_program(run):
    return run.program("bench/residua_cuda_bench", "residua_cuda_bench")


def read_report(text):
    """What residua_cuda_bench report printed: cases by (scalar, what multiplies, width), and the device."""
    try:
        report = json.loads(text)
        cases = {(case["scalar"], case["multiplies"], case["width"]): case for case in report["cases"]}
        return cases, report["device"]
    except (ValueError, KeyError, TypeError) as why:
        raise Failed(f"residua_cuda_bench: expected JSON with cases and a device: {why!r}") from why


def measure_report(run, width):
    card(run)
    say(f"residua_cuda_bench report, width {width}")
    with clocks_watched() as clocks:
        text = run.call(timing_program(run), "report", "--widths", width, timeout=seconds_left(run, REPORT_SECONDS))
    cases, device = read_report(text)
    return {"cases": cases, "device": device, "clocks": clocks}


def report(run, width):
    """Of one width, so that a slow one does not take the others with it."""
    return run.once(f"cuda report {width}", lambda: measure_report(run, width))


def case(run, scalar, multiplies, width):
    """A case of the report, if it is right."""
    found = report(run, width)["cases"].get((scalar, multiplies, width))
    if not found:
        raise NotMeasured(f"residua_cuda_bench has no case {scalar}, {multiplies}, width {width}")
    if "wrong" in found:
        raise Failed(found["wrong"])
    return found


def ways(run, width):
    """What multiplies floats, of all that can on this GPU."""
    return [by for scalar, by, _ in report(run, width)["cases"] if scalar == "float"]


# --- profiler ---------------------------------------------------------------------------------------------------------

METRICS = {"sm__throughput.avg.pct_of_peak_sustained_elapsed": "multiprocessors",
           "dram__throughput.avg.pct_of_peak_sustained_elapsed": "memory"}


def read_profile(text):
    """Shares of peak in per cent, from what ncu --csv printed."""
    lines = [line for line in text.splitlines() if line.startswith('"')]
    rows = csv.DictReader(io.StringIO("\n".join(lines)))
    found = {METRICS[row["Metric Name"]]: float(row["Metric Value"].replace(",", ""))
             for row in rows if row.get("Metric Name") in METRICS}
    if set(found) != set(METRICS.values()):
        said = (text.strip().splitlines() or ["no output"])[-1]
        raise NotMeasured(f"ncu gave no shares of peak: {said}")
    return found


def profile(run, scalar, multiplies, width):
    """Shares of peak of one fused kernel, the caches warm and the clocks as they are."""
    card(run)
    words = [tool("ncu"), "--csv", "--metrics", ",".join(METRICS), "--clock-control", "none", "--kernel-name", "regex:fused_kernel",
             "--launch-skip", "2", "--launch-count", "1", str(timing_program(run)), "serve", "--scalar", scalar,
             "--multiplies", multiplies, "--width", str(width)]
    say(f"ncu: {scalar}, {multiplies}, width {width}")
    try:
        done = subprocess.run(words, check=False, capture_output=True, text=True, input="time 5\n",
                              timeout=seconds_left(run, PROFILER_SECONDS))
    except subprocess.TimeoutExpired as why:
        raise NotMeasured(f"ncu: not done after {why.timeout:.0f} s") from why
    return read_profile(done.stdout)
