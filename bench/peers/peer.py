"""What every peer is made of: the problem that it reads, and the commands that it answers.

A peer is a program `<framework>_peer.py VARIANT PROBLEM PRECISION THREADS [DEVICE]`. It reads the problem that residua_peer_case
wrote, and computes what a training step needs of it: the sum over all points of the squared residuals, and its gradient
in all weights of the network. Commands come as lines on standard input, each answered by one line:

  answer FILE   one pass; writes loss and gradient into FILE as raw doubles; "ok"
  time N        the seconds of each of N passes
  memory        bytes: the peak so far over what was held before the first pass

"error: <reason>" instead, if it cannot. The residua_peer_case program answers the same commands, and so does
residua_cuda_bench serve. DEVICE is cpu or, for PyTorch, cuda.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import sys
import time

import numpy as np


@dataclasses.dataclass
class Problem:
    """A network with weights, and the points where it is evaluated, in the precision asked for."""

    physics: str
    sizes: list  # of the layers, from the inputs to the outputs
    layers: list  # of (weights [out, in], biases [out])
    coords: np.ndarray  # [points, coordinates]
    design: np.ndarray  # [points, design inputs]
    center: np.ndarray  # [inputs]
    scale: np.ndarray  # [inputs]
    params: dict  # by name: a number, or the column of `design` that holds it
    device: str = "cpu"

    @property
    def raw(self):
        """Whether inputs reach the network as they are, neither shifted nor scaled."""
        return bool((self.center == 0).all() and (self.scale == 1).all())


class Column(int):
    """The position of a parameter among the design inputs."""


def read_problem(path, precision, device="cpu"):
    with pathlib.Path(path).open("rb") as file:
        header = json.loads(file.readline())
        arrays = {name: np.fromfile(file, "<f8", count).astype(precision) for name, count in header["arrays"]}
    points = header["points"]
    sizes = [header["inputs"], *[header["width"]] * header["depth"], header["outputs"]]
    return Problem(
        physics=header["physics"],
        sizes=sizes,
        layers=split_layers(arrays["weights"], sizes),
        coords=by_point(arrays["coords"], points),
        design=by_point(arrays["design"], points),
        center=arrays["center"],
        scale=arrays["scale"],
        params={name: float(value) if row < 0 else Column(row)
                for (name, row), value in zip(header["param_rows"], arrays["params"])},
        device=device,
    )


def by_point(rows, points):
    return np.ascontiguousarray(rows.reshape(-1, points).T)


def split_layers(weights, sizes):
    """Cuts the flat vector: for each layer the weights [out][in], then the biases [out]."""
    layers, at = [], 0
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        end = at + fan_in * fan_out
        layers.append((weights[at:end].reshape(fan_out, fan_in), weights[end:end + fan_out]))
        at = end + fan_out
    return layers


def status_bytes(name):
    """VmRSS is the memory held now, VmHWM the most since the last reset_peak_memory()."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return 1024 * int(line.split()[1])
    raise RuntimeError(f"/proc/self/status has no {name}")


def reset_peak_memory():
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/clear_refs").write_text("5")


HOST_MEMORY = (lambda: status_bytes("VmRSS"), lambda: status_bytes("VmHWM"))


def serve(make_pass, device_memory=None):
    """Obeys commands until standard input ends. `make_pass(variant, problem, threads)` gives a function which does one
    pass, complete in memory when it returns, and gives the loss and a list of gradients in the order of the weights.
    `device_memory`: two functions, the bytes that are held on another device than the processor, and the most so far."""
    say = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a framework prints shall not be taken for an answer
    variant, path, precision, threads, *device = sys.argv[1:]
    try:
        problem = read_problem(path, precision, *device)
        run = make_pass(variant, problem, int(threads))
        reset_peak_memory()
        held, most = HOST_MEMORY if problem.device == "cpu" else device_memory
        before = held()
        for line in sys.stdin:
            print(obey(line.split(), run, lambda: most() - before), file=say)
    except Exception as problem:  # noqa: BLE001  (whatever it is, the driver reports it)
        reason = (str(problem).strip().splitlines() or ["no message"])[0]
        print(f"error: {type(problem).__name__}: {reason}", file=say)
        raise


def obey(words, run, memory):
    if words[0] == "time":
        return " ".join(str(seconds_of(run)) for _ in range(int(words[1])))
    if words[0] == "memory":
        return str(memory())
    if words[0] == "answer":
        loss, gradients = run()
        parts = [np.asarray(on_host(part), "<f8").ravel() for part in [loss, *gradients]]
        np.concatenate(parts).tofile(words[1])
        return "ok"
    raise ValueError(f"unknown command {words[0]}")


def on_host(array):
    """PyTorch's arrays come from the GPU only when asked."""
    return array.cpu() if hasattr(array, "cpu") else array


def seconds_of(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
