"""The network 8-64-64-64-64-3 with tanh in another tool's runtime on one thread, which reads and writes buffers of ours:
prints the nanoseconds of the median call.

usage: network_peer.py {libtorch,onnxruntime,openvino} POINTS CALLS
"""

import sys
import time

import numpy as np
import onnx
from onnx import TensorProto, helper

SIZES = (8, 64, 64, 64, 64, 3)


def parameters():
    random = np.random.default_rng(1)
    layers = []
    for fan_in, fan_out in zip(SIZES, SIZES[1:]):
        w = random.uniform(-1, 1, (fan_in, fan_out)) * (3 / fan_in) ** 0.5
        layers.append((w.astype(np.float32), random.uniform(-0.1, 0.1, fan_out).astype(np.float32)))
    return layers


def onnx_model(layers):
    nodes, weights, name = [], [], "x"
    for layer, (w, b) in enumerate(layers):
        last = layer == len(layers) - 1
        weights += [onnx.numpy_helper.from_array(w, f"w{layer}"), onnx.numpy_helper.from_array(b, f"b{layer}")]
        nodes.append(helper.make_node("Gemm", [name, f"w{layer}", f"b{layer}"], ["y" if last else f"z{layer}"]))
        if not last:
            nodes.append(helper.make_node("Tanh", [f"z{layer}"], [f"a{layer}"]))
        name = f"a{layer}"
    rows = [helper.make_tensor_value_info(v, TensorProto.FLOAT, ["n", size]) for v, size in (("x", 8), ("y", 3))]
    graph = helper.make_graph(nodes, "network", rows[:1], rows[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


# Each returns a call that answers x into y.


def onnxruntime(layers, x, y):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx_model(layers), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    binding.bind_cpu_input("x", x)
    binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)
    return lambda: session.run_with_iobinding(binding)


def openvino(layers, x, y):
    import openvino

    core = openvino.Core()
    model = core.read_model(onnx_model(layers))
    model.reshape(list(x.shape))
    compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    request.set_input_tensor(openvino.Tensor(x, shared_memory=True))
    request.set_output_tensor(openvino.Tensor(y, shared_memory=True))
    return request.infer


def libtorch(layers, x, y):
    import torch

    torch.set_num_threads(1)
    layers = [(torch.from_numpy(w.T.copy()), torch.from_numpy(b)) for w, b in layers]
    rows, answer = torch.from_numpy(x), torch.from_numpy(y)

    @torch.inference_mode()
    def call():
        a = rows
        for w, b in layers[:-1]:
            a = torch.nn.functional.linear(a, w, b).tanh_()
        w, b = layers[-1]
        answer.copy_(torch.nn.functional.linear(a, w, b))

    return call


def expected(layers, x):
    x = x.astype(np.float64)
    for w, b in layers[:-1]:
        x = np.tanh(x @ w + b)
    w, b = layers[-1]
    return x @ w + b


def main():
    runtime = {"libtorch": libtorch, "onnxruntime": onnxruntime, "openvino": openvino}[sys.argv[1]]
    points, calls = int(sys.argv[2]), int(sys.argv[3])
    layers = parameters()
    x = np.random.default_rng(2).uniform(-1, 1, (points, 8)).astype(np.float32)
    y = np.empty((points, 3), np.float32)
    call = runtime(layers, x, y)
    call()
    if not np.allclose(y, expected(layers, x), atol=1e-4):
        sys.exit("wrong answer")
    nanoseconds = []
    for _ in range(calls):
        start = time.perf_counter_ns()
        call()
        nanoseconds.append(time.perf_counter_ns() - start)
    print(np.median(nanoseconds))


main()
