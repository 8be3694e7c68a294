"""DeepXDE on PyTorch as a peer: its own data, network and loss, with derivatives by dde.grad, as its users write them.
One variant: grad."""

import os

os.environ["DDE_BACKEND"] = "pytorch"

import deepxde as dde  # noqa: E402  (after the backend is chosen)
import torch  # noqa: E402
from equations import EQUATIONS  # noqa: E402
from peer import serve  # noqa: E402


def make_pass(variant, problem, threads):
    torch.set_num_threads(threads)
    dde.config.set_default_float(str(problem.coords.dtype))
    equation = EQUATIONS[problem.physics]
    if equation.transform or not problem.raw:
        raise NotImplementedError("written for networks without transform and design inputs only")

    def pde(x, y):
        return equation.residual(Derivatives(x, y, equation.coords), None, problem.params, torch)

    low, high = problem.coords.min(axis=0), problem.coords.max(axis=0)
    data = dde.data.PDE(dde.geometry.Hypercube(low, high), pde, [], num_domain=0, anchors=problem.coords)
    net = dde.nn.FNN(problem.sizes, "tanh", "Glorot normal")
    with torch.no_grad():
        for linear, (weight, bias) in zip(net.linears, problem.layers):
            linear.weight.copy_(torch.tensor(weight))
            linear.bias.copy_(torch.tensor(bias))
    model = dde.Model(data, net)
    model.compile("adam", lr=1e-3)
    model.train_state.set_data_train(*data.train_next_batch())
    state, weights = model.train_state, list(net.parameters())
    points = len(problem.coords)

    def run():
        # The first half of a step of Model.train; its loss is the mean.
        losses = model.outputs_losses_train(state.X_train, state.y_train, state.train_aux_vars)[1]
        loss = torch.sum(losses)
        model.opt.zero_grad()
        loss.backward()
        return points * loss.detach(), [points * gradient_of(weight) for weight in weights]

    return run


def gradient_of(weight):
    """Zero for the last bias where the residual does not hold the value itself."""
    return torch.zeros_like(weight) if weight.grad is None else weight.grad


class Derivatives:
    """u["u_xx"] by dde.grad."""

    def __init__(self, x, y, coords):
        self.x, self.y, self.coords = x, y, coords

    def __getitem__(self, name):
        _, _, along = name.partition("_")
        at = [self.coords.index(c) for c in along]
        if not at:
            return self.y
        if len(at) == 1:
            return dde.grad.jacobian(self.y, self.x, i=0, j=at[0])
        second = dde.grad.hessian(self.y, self.x, i=at[0], j=at[1])
        return second if len(at) == 2 else dde.grad.jacobian(second, self.x, i=0, j=at[2])


if __name__ == "__main__":
    serve(make_pass)
