"""JAX under jit as a peer. Variants, all vmapped over a function of one point:

  nested  grad of grad
  jvp     jvp of jvp
  jet     jax.experimental.jet
"""

import os

import jax
import jax.numpy as jnp
from equations import EQUATIONS
from jax.experimental.jet import jet
from peer import serve


def make_pass(variant, problem, threads):
    if len(os.sched_getaffinity(0)) != threads:  # which its pool of threads takes its size from
        raise RuntimeError(f"expected to be bound to {threads} processors")
    jax.config.update("jax_enable_x64", problem.coords.dtype == "float64")
    equation = EQUATIONS[problem.physics]
    if equation.transform or not problem.raw:
        raise NotImplementedError("written for networks without transform and design inputs only")
    derivatives_of = {"nested": nested, "jvp": jvp_of_jvp, "jet": taylor}[variant]

    def loss_of(weights, points):
        def rows(x):
            u = derivatives_of(lambda y: network(weights, y), x, equation)
            return equation.residual(u, None, problem.params, jnp)

        return sum((row**2).sum() for row in jax.vmap(rows)(points))

    step = jax.jit(jax.value_and_grad(loss_of))
    weights = [tuple(map(jnp.asarray, layer)) for layer in problem.layers]
    points = jnp.asarray(problem.coords)

    def run():
        loss, gradients = jax.block_until_ready(step(weights, points))
        return loss, [array for layer in gradients for array in layer]

    return run


def network(weights, x):
    *hidden, (weight, bias) = weights
    for hidden_weight, hidden_bias in hidden:
        x = jnp.tanh(hidden_weight @ x + hidden_bias)
    return (weight @ x + bias)[0]


def nested(function, x, equation):
    u = {"u": function(x)}
    for name in equation.derivatives:
        derivative = function
        for c in name.split("_")[1]:
            derivative = slope_of(derivative, equation.coords.index(c))
        u[name] = derivative(x)
    return u


def slope_of(function, coord):
    return lambda x: jax.grad(function)(x)[coord]


def orders_of(equation):
    """Each coordinate, its unit vector, and the highest order of derivatives along it."""
    along = [name.split("_")[1] for name in equation.derivatives]
    units = jnp.eye(len(equation.coords))
    return [(c, units[k], max(len(name) for name in along if name[0] == c))
            for k, c in enumerate(equation.coords) if any(name[0] == c for name in along)]


def named(coord, slopes):
    return {f"u_{coord * (n + 1)}": slope for n, slope in enumerate(slopes)}


def jvp_of_jvp(function, x, equation):
    def along(y, unit, order):
        if order == 0:
            return [function(y)]
        lower, slopes = jax.jvp(lambda z: along(z, unit, order - 1), (y,), (unit,))
        return [*lower, slopes[-1]]

    u = {}
    for c, unit, order in orders_of(equation):
        u["u"], *slopes = along(x, unit, order)
        u.update(named(c, slopes))
    return u


def taylor(function, x, equation):
    u = {}
    for c, unit, order in orders_of(equation):
        series = [unit, *[jnp.zeros_like(unit)] * (order - 1)]
        u["u"], slopes = jet(function, (x,), (series,))
        u.update(named(c, slopes))
    return u


if __name__ == "__main__":
    serve(make_pass)
