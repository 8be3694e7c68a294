"""The network 8-64-64-64-64-3 with tanh in ONNX Runtime on one thread, bound to its buffers: prints nanoseconds a point.

usage: onnxruntime_peer.py POINTS
"""

import statistics
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

SIZES = (8, 64, 64, 64, 64, 3)


def network(random):
    nodes, weights, name = [], [], "x"
    for layer, (fan_in, fan_out) in enumerate(zip(SIZES, SIZES[1:])):
        last = layer == len(SIZES) - 2
        w = random.uniform(-1, 1, (fan_in, fan_out)) * (3 / fan_in) ** 0.5
        weights.append(onnx.numpy_helper.from_array(w.astype(np.float32), f"w{layer}"))
        weights.append(onnx.numpy_helper.from_array(random.uniform(-0.1, 0.1, fan_out).astype(np.float32), f"b{layer}"))
        nodes.append(helper.make_node("Gemm", [name, f"w{layer}", f"b{layer}"], ["y" if last else f"z{layer}"]))
        if not last:
            nodes.append(helper.make_node("Tanh", [f"z{layer}"], [f"a{layer}"]))
        name = f"a{layer}"
    rows = [helper.make_tensor_value_info(v, TensorProto.FLOAT, ["n", size]) for v, size in (("x", 8), ("y", 3))]
    graph = helper.make_graph(nodes, "network", rows[:1], rows[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def expected(model, x):
    parameters = [onnx.numpy_helper.to_array(t).astype(np.float64) for t in model.graph.initializer]
    for layer in range(0, len(parameters), 2):
        x = x @ parameters[layer] + parameters[layer + 1]
        if layer + 2 < len(parameters):
            x = np.tanh(x)
    return x


def main():
    n = int(sys.argv[1])
    random = np.random.default_rng(1)
    model = network(random)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    x, y = random.uniform(-1, 1, (n, 8)).astype(np.float32), np.empty((n, 3), np.float32)
    binding = session.io_binding()
    binding.bind_cpu_input("x", x)
    binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)
    session.run_with_iobinding(binding)
    if not np.allclose(y, expected(model, x.astype(np.float64)), atol=1e-4):
        sys.exit("wrong answer")
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        session.run_with_iobinding(binding)
        seconds.append(time.perf_counter() - start)
    print(statistics.median(seconds) * 1e9 / n)


main()
