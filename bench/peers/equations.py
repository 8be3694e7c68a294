"""The equations of kernels/physics/ once more, for the peers: written independently of any framework.

In `residual(u, at, p, m)`, u["c_xx"] is the second derivative of the field c along x and u["c"] its value, `at` holds
the coordinates and `p` the parameters by name, and `m` is the framework's module of functions. Fields follow from the
network's outputs by `transform`, its inputs from the coordinates by `features`.
"""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Equation:
    coords: str
    derivatives: tuple
    residual: Callable  # rows of the interior
    fields: tuple = ("u",)
    features: Callable | None = None  # (at, p, m) -> inputs of the network; None: the coordinates
    transform: Callable | None = None  # (at, p, net, m) -> fields; None: the outputs of the network


def heat(u, at, p, m):
    return [u["u_t"] - p["diffusivity"] * u["u_xx"]]


def transport_2d(u, at, p, m):
    return [u["u_t"] + p["velocity_x"] * u["u_x"] + p["velocity_y"] * u["u_y"] - p["diffusivity_x"] * u["u_xx"]
            - p["diffusivity_y"] * u["u_yy"] + p["decay"] * u["u"]]


def kdv(u, at, p, m):
    return [u["u_t"] + u["u"] * u["u_x"] + p["dispersion"] * u["u_xxx"]]


# --- leach_column -----------------------------------------------------------------------------------------------------


def leach_column(u, at, p, m):
    exchange = p["exchange"] * (u["c"] - u["m"])
    stagnant = (1 - p["mobile_fraction"]) * p["retardation"]
    mobile = (p["mobile_fraction"] * p["retardation"] * u["c_t"] + u["c_x"] - u["c_xx"] / p["peclet"] + exchange
              + p["decay"] * u["c"])
    immobile = stagnant * u["m_t"] - exchange + p["decay"] * u["m"]
    return [mobile / (1 + p["exchange"]), immobile / (stagnant + p["exchange"])]


def leach_front(at, p, m):
    """Retardation and decay of the front that the transform starts from, and the share of c that m follows: they
    depend on its age."""
    kappa = p["exchange"] / ((1 - p["mobile_fraction"]) * p["retardation"])
    frequency = m.sqrt(p["peclet"] / p["retardation"] / (at["t"] + 1e-6))
    total = frequency + kappa
    retardation = p["mobile_fraction"] * p["retardation"] + p["exchange"] * kappa / total**2
    return retardation, p["exchange"] * frequency**2 / total**2 + p["decay"], kappa / total


def leach_features(at, p, m):
    retardation, _, _ = leach_front(at, p, m)
    behind = at["x"] * retardation - at["t"]
    width = m.sqrt((at["t"] + 0.02) * retardation / p["peclet"])
    return [m.log(1 + 2 * at["t"]), at["x"], m.tanh(behind / 2), m.tanh(behind / (2 * width))]


def leach_transform(at, p, net, m):
    retardation, decay, share = leach_front(at, p, m)
    peclet, erfcx = p["peclet"], m.special.erfcx
    root = m.sqrt(1 + 4 * decay / peclet)
    time = at["t"] + 1e-6
    width = 1 / (2 * m.sqrt(time * retardation / peclet))
    lead = at["x"] * retardation
    gauss = m.exp(-(((lead - time) * width) ** 2) - time * decay / retardation)
    arrival = m.exp(at["x"] * (1 - root) * peclet / 2) * m.erfc((lead - time * root) * width) / (1 + root)
    step = arrival + gauss * peclet / (2 * decay) * (
        erfcx((lead + time) * width) - erfcx((lead + time * root) * width) * (1 + root) / 2)
    later = at["t"] / (at["t"] + 1)
    stagnant = (1 - p["mobile_fraction"]) * p["retardation"]
    filled = share * at["t"] / (at["t"] + share * stagnant / p["exchange"])
    return [step + later * (at["x"] + 1 / peclet) * net[0], step * filled + later * net[1]]


# --- kiln_wall --------------------------------------------------------------------------------------------------------

SIGMA = 56.70374  # W/m2K4 with temperatures in 1000 K
SECONDS = 36000  # per unit of time


def wall_fourier(p):
    return p["conductivity"] * (SECONDS * 1e-6) / (p["heat_capacity"] * p["thickness"] ** 2)


def kiln_wall(u, at, p, m):
    fourier = wall_fourier(p)
    root = m.sqrt(fourier * at["t"])
    slope, thickness = p["conductivity_slope"], p["thickness"]
    conduction = ((1 + slope * u["T"]) * (u["T_xx"] + u["T_x"] * thickness / (p["inner_radius"] + thickness * at["x"]))
                  + slope * u["T_x"] ** 2)
    return [(u["T_t"] / fourier - conduction) * root / (root + 0.1)]


def wall_features(at, p, m):
    reach = m.sqrt(at["t"] * wall_fourier(p) + 1e-6)
    width = 2 * reach + 0.2
    return [at["x"], reach / (reach + 1), at["x"] / (at["x"] + width), (1 - at["x"]) / (1 - at["x"] + width),
            m.log(0.1 + reach)]


def half_space(distance, reach, biot, m):
    eta = distance / (2 * reach)
    return m.erfc(eta) - m.exp(-(eta**2)) * m.special.erfcx(eta + reach * biot)


def wall_transform(at, p, net, m):
    gas, start, ambient = p["gas_temperature"], p["initial_temperature"], p["ambient_temperature"]
    growth = 1 + p["conductivity_slope"] * start
    thin = p["thickness"] / (p["conductivity"] * growth)

    def biot(film, emissivity, beyond):
        return (film + emissivity * SIGMA * (beyond**2 + start**2) * (beyond + start)) * thin

    inside = biot(p["film_coefficient"], p["inner_emissivity"], gas)
    outside = biot(p["outer_film"], p["outer_emissivity"], ambient)
    reach = m.sqrt(at["t"] * wall_fourier(p) * growth + 1e-8)
    waves = (half_space(at["x"], reach, inside, m) * (gas - start)
             + half_space(1 - at["x"], reach, outside, m) * (ambient - start))
    return [waves + start + reach / (reach + 0.5) * net[0]]


EQUATIONS = {
    "heat": Equation("tx", ("u_t", "u_xx"), heat),
    "transport_2d": Equation("txy", ("u_t", "u_x", "u_y", "u_xx", "u_yy"), transport_2d),
    "kdv": Equation("tx", ("u_t", "u_x", "u_xxx"), kdv),
    "leach_column": Equation("tx", ("c_t", "c_x", "c_xx", "m_t"), leach_column, fields=("c", "m"),
                             features=leach_features, transform=leach_transform),
    "kiln_wall": Equation("tx", ("T_t", "T_x", "T_xx"), kiln_wall, fields=("T",), features=wall_features,
                          transform=wall_transform),
}
