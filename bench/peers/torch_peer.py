"""PyTorch as a peer. Variants:

  nested   derivatives by nested torch.autograd.grad, as most PINNs are written
  jets     derivatives carried through the layers by hand
  func     torch.func: vmap of compositions of jvp

and each of them under torch.compile: nested_compiled, jets_compiled, func_compiled (on a GPU in CUDA graphs). On a GPU
nested_graphed and jets_graphed besides: the plain ones as one CUDA graph. Products of floats are exact to float32: PyTorch's
default leaves TF32 out.
"""

import torch
from equations import EQUATIONS
from peer import Column, serve
from torch.func import grad_and_value, jvp, vmap
from torch.nn import functional


def make_pass(variant, problem, threads):
    torch.set_num_threads(threads)
    torch._dynamo.config.trace_autograd_ops = True  # without it, no nested derivative can be compiled
    method, _, how = variant.partition("_")
    equation = EQUATIONS[problem.physics]
    if method != "nested" and (equation.transform or not problem.raw):
        raise NotImplementedError("written for networks without transform and design inputs only")
    loss_of = {"nested": nested_loss, "jets": jets_loss, "func": func_loss}[method](problem, equation)
    if method == "func":
        step = grad_and_value(loss_of)
    elif how:
        step = step_to_compile(loss_of)
    else:
        step = step_as_written(loss_of)
    on_gpu = problem.device == "cuda"
    if how == "compiled":
        step = torch.compile(step, fullgraph=True, dynamic=False, mode="reduce-overhead" if on_gpu else None)
    elif how == "graphed":
        step = graphed(step)
    weights = [torch.tensor(array, device=problem.device, requires_grad=method != "func")
               for layer in problem.layers for array in layer]
    points = torch.tensor(problem.coords, device=problem.device, requires_grad=method == "nested")

    def run():
        gradients, loss = step(weights, points)
        if on_gpu:
            torch.cuda.synchronize()
        return loss, gradients

    return run


def step_as_written(loss_of):
    def step(weights, points):
        for leaf in (points, *weights):
            leaf.grad = None
        loss = loss_of(weights, points)
        loss.backward()
        # The last bias has no derivative where the residual does not hold the value itself.
        return [torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in weights], loss.detach()

    return step


def step_to_compile(loss_of):
    def step(weights, points):
        loss = loss_of(weights, points)
        return torch.autograd.grad(loss, weights, materialize_grads=True), loss.detach()

    return step


def graphed(step):
    """The step as a CUDA graph, captured at the first call, as PyTorch asks for it: warmed up on a stream of its own."""

    def capture(weights, points):
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                step(weights, points)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            return graph, step(weights, points)

    captured = []

    def replay(weights, points):
        if not captured:
            captured.extend(capture(weights, points))
        graph, outputs = captured
        graph.replay()
        return outputs

    return replay


def pairs(weights):
    return zip(weights[::2], weights[1::2])


def network(weights, x):
    *hidden, weight, bias = weights
    for hidden_weight, hidden_bias in pairs(hidden):
        x = torch.tanh(functional.linear(x, hidden_weight, hidden_bias))
    return functional.linear(x, weight, bias)


def sum_of_squares(rows):
    return sum((row * row).sum() for row in rows)


# --- nested autograd --------------------------------------------------------------------------------------------------


class Derivatives:
    """Derivatives of fields by name, such as u["c_xx"], each gradient taken once."""

    def __init__(self, fields, x, coords):
        self.known, self.x, self.coords = dict(fields), x, coords

    def __getitem__(self, name):
        if name not in self.known:
            lower = name[:-1].removesuffix("_")
            slopes, = torch.autograd.grad(self[lower].sum(), self.x, create_graph=True)
            for c, slope in zip(self.coords, slopes.unbind(1)):
                self.known[lower + c if "_" in lower else f"{lower}_{c}"] = slope
        return self.known[name]


def nested_loss(problem, equation):
    design, center, scale = (torch.tensor(array, device=problem.device)
                             for array in (problem.design, problem.center, problem.scale))
    params = {name: design[:, value] if isinstance(value, Column)
              else torch.tensor(value, dtype=design.dtype, device=problem.device) for name, value in problem.params.items()}

    raw = problem.raw

    def inputs_of(x, at):
        if equation.features:
            x = torch.stack(equation.features(at, params, torch), 1)
        if design.shape[1]:
            x = torch.cat([x, design], 1)
        return x if raw else (x - center) * scale

    def loss_of(weights, x):
        at = dict(zip(equation.coords, x.unbind(1)))
        fields = network(weights, inputs_of(x, at)).unbind(1)
        if equation.transform:
            fields = equation.transform(at, params, fields, torch)
        u = Derivatives(zip(equation.fields, fields), x, equation.coords)
        return sum_of_squares(equation.residual(u, at, params, torch))

    return loss_of


# --- jets by hand -----------------------------------------------------------------------------------------------------


def directions_of(equation):
    """The highest order along each coordinate, such as {"t": 1, "x": 2}."""
    orders = {}
    for name in equation.derivatives:
        along = name.split("_")[1]
        orders[along[0]] = max(len(along), orders.get(along[0], 0))
    return orders


def tanh_jet(value, directions):
    """The chain rule along each direction: its first three derivatives, as far as they are there."""
    a = torch.tanh(value)
    slope = 1 - a * a
    out = [a]
    for z in directions:
        out.append(slope * z[0])
        if len(z) > 1:
            curvature = -2 * a * slope
            out.append(slope * z[1] + curvature * z[0] ** 2)
        if len(z) > 2:
            out.append(slope * z[2] + 3 * curvature * z[0] * z[1] + slope * (6 * a * a - 2) * z[0] ** 3)
    return out


def jets_loss(problem, equation):
    orders = directions_of(equation)

    def loss_of(weights, x):
        (weight, bias), *later = pairs(weights)
        value = functional.linear(x, weight, bias)
        # Behind layer 0 a first derivative is a column of its weights, and higher ones vanish.
        first = [weight[:, equation.coords.index(c)].expand_as(value) for c in orders]
        zero = torch.zeros_like(value)
        directions = [[slope, *[zero] * (order - 1)] for slope, order in zip(first, orders.values())]
        for weight, bias in later:
            # One product per channel: stacking the channels into one product was slower in every case tried.
            channels = tanh_jet(value, directions)
            value = functional.linear(channels[0], weight, bias)
            rest = iter([functional.linear(channel, weight) for channel in channels[1:]])
            directions = [[next(rest) for _ in range(order)] for order in orders.values()]
        u = {"u": value[:, 0]}
        for c, direction in zip(orders, directions):
            u.update({f"u_{c * (order + 1)}": channel[:, 0] for order, channel in enumerate(direction)})
        return sum_of_squares(equation.residual(u, None, problem.params, torch))

    return loss_of


# --- torch.func -------------------------------------------------------------------------------------------------------


def along(function, x, tangent, order):
    """[f, f', f'', ...] along a direction, by jvp of jvp."""
    if order == 0:
        return [function(x)]
    lower, slopes = jvp(lambda y: along(function, y, tangent, order - 1), (x,), (tangent,))
    return [*lower, slopes[-1]]


def func_loss(problem, equation):
    units = torch.eye(problem.coords.shape[1], dtype=getattr(torch, str(problem.coords.dtype)), device=problem.device)
    orders = directions_of(equation)

    def loss_of(weights, points):
        def rows(x):
            u = {}
            for c, order in orders.items():
                u["u"], *slopes = along(lambda y: network(weights, y)[0], x, units[equation.coords.index(c)], order)
                u.update({f"u_{c * (n + 1)}": slope for n, slope in enumerate(slopes)})
            return equation.residual(u, None, problem.params, torch)

        return sum_of_squares(vmap(rows)(points))

    return loss_of


if __name__ == "__main__":
    serve(make_pass, (torch.cuda.memory_allocated, torch.cuda.max_memory_allocated))
