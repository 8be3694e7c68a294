"""The CUDA kernels: what ptxas made of them, and how fast they would be if only arithmetic took time."""

import shutil
import subprocess
import sys

from bench.scoreboard import ROOT, Figure, NotMeasured, machine_line, write_between

sys.path.insert(0, str(ROOT / "tests" / "structure"))
import kernel_resources  # noqa: E402  (after the path)

# Peaks of an H200 in TFLOP/s: vector units in float32; tensor cores in TF32, of which a product of floats takes three.
FLOAT, SPLIT = 67, 495 / 3
CHANNELS, LAYERS = 4, 5
# Width, what multiplies, Mpoints/s asked.
SPEEDS = ((64, "threads", FLOAT, 100), (64, "tensor", SPLIT, 200), (128, "tensor", SPLIT, 50), (256, "tensor", SPLIT, 12))


def roofline(width, peak):
    """Mpoints/s of loss and gradient at a peak: 6 K P FLOP per point, P the weights between hidden layers."""
    return peak * 1e6 / (6 * CHANNELS * (LAYERS - 1) * width**2)


def speed(width, peak):
    def measure(run):
        why = "nvidia-smi is not there" if not shutil.which("nvidia-smi") else "this area has no timing on GPUs yet"
        raise NotMeasured(f"{why}; at most {roofline(width, peak):.0f} Mpoints/s at an H200's peak, 4 channels, 5 layers")

    return measure


def kinds(run):
    folder = run.build / "kernels" / "cuda"
    found = run.once("ptxas", lambda: kernel_resources.fused(folder))
    if not found:
        raise NotMeasured("no *.ptxas file in the build folder: needs a build with CUDA")
    return found


def spilling(run):
    """Of the kernels that training in single precision spends its time in: those with a gradient."""
    hot = [kernel for (_, scalar, gradient), of_kind in kinds(run).items() if scalar == "float" and gradient for kernel in of_kind]
    worst = max(hot, key=lambda kernel: kernel[1])
    return sum(kernel[1] > 0 for kernel in hot), f"of {len(hot)}; at most {worst[1]} bytes, {worst[2]}" if worst[1] else f"of {len(hot)}"


def details(run):
    return {"kernels": kernel_resources.table(kinds(run))}


def document(found, machine):
    write_between("cuda_kernels", [machine_line(machine), "", *found["kernels"]])


FIGURES = [
    Figure("spilling_kernels", "kernels", spilling, at_most=0),
    *(Figure(f"{by}/{width}", "Mpoints/s", speed(width, peak), at_least=asked) for width, by, peak, asked in SPEEDS),
]
