"""Rows of the sample table: functions of single elements."""

from __future__ import annotations

import numpy as np
from scipy import special as sp

from .samples_base import (
    Sample,
    above_one,
    complex_normal,
    constant,
    integers,
    natural,
    normal,
    positive,
    row,
    share,
    truth,
    unit,
    whole,
)  # fmt: skip

special_values = constant(np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5)

# Names and references of functions of one tensor, by where their arguments lie.
SMOOTH = [
    (normal, {
        "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "sin": np.sin, "cos": np.cos,
        "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
        "asinh": np.arcsinh, "sigmoid": sp.expit, "erf": sp.erf, "erfc": sp.erfc,
        "sinc": np.sinc, "deg2rad": np.deg2rad, "rad2deg": np.rad2deg, "special.i0": sp.i0,
        "special.i0e": sp.i0e, "special.i1": sp.i1, "special.i1e": sp.i1e,
        "special.ndtr": sp.ndtr, "special.log_ndtr": sp.log_ndtr, "special.erfcx": sp.erfcx,
        "special.expit": sp.expit,
    }),
    (positive, {
        "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "sqrt": np.sqrt,
        "rsqrt": lambda x: 1 / np.sqrt(x), "reciprocal": np.reciprocal, "lgamma": sp.gammaln,
        "digamma": sp.digamma, "special.gammaln": sp.gammaln, "special.psi": sp.digamma,
        "special.entr": sp.entr,
    }),
    (unit, {
        "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atanh": np.arctanh,
        "erfinv": sp.erfinv,
    }),
    (share, {"logit": sp.logit, "special.ndtri": sp.ndtri}),
    (above_one, {"acosh": np.arccosh}),
]  # fmt: skip

PREDICATES = {
    "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite, "isposinf": np.isposinf,
    "isneginf": np.isneginf, "signbit": np.signbit, "isreal": np.isreal,
    "logical_not": np.logical_not,
}  # fmt: skip

KEEPS_INTEGERS = {
    "abs": np.abs, "neg": np.negative, "positive": np.positive, "square": np.square,
    "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "round": np.round, "sign": np.sign,
    "sgn": np.sign,
}  # fmt: skip


def rounded(x: np.ndarray, decimals: int = 0) -> np.ndarray:
    return np.round(x, decimals)


def shrunk(x: np.ndarray, lambd: float = 0.5) -> np.ndarray:
    return np.where(x > lambd, x - lambd, np.where(x < -lambd, x + lambd, 0))


def elu(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    return np.where(x > 0, x, alpha * np.expm1(x))


def softplus(x: np.ndarray, beta: float = 1.0, threshold: float = 20.0) -> np.ndarray:
    return np.where(beta * x > threshold, x, np.log1p(np.exp(np.minimum(beta * x, 50))) / beta)


def gelu(x: np.ndarray, approximate: str = "none") -> np.ndarray:
    if approximate == "tanh":
        return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return x * sp.ndtr(x)


def clamped(x, min=None, max=None):
    return np.clip(x, min, max)


def glu(x: np.ndarray, dim: int = -1) -> np.ndarray:
    first, gate = np.split(x, 2, dim)
    return first * sp.expit(gate)


def prelu(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    weight = weight.reshape(1, -1, *[1] * (x.ndim - 2)) if weight.size > 1 else weight
    return np.where(x > 0, x, weight * x)


# Activations of nn.functional: reference, then argument tuples beyond the tensor.
ACTIVATIONS = {
    "relu": (lambda x: np.maximum(x, 0), ()),
    "relu6": (lambda x: np.clip(x, 0, 6), ()),
    "leaky_relu": (lambda x, s=0.01: np.where(x > 0, x, s * x), (), (0.2,)),
    "elu": (elu, (), (1.7,)),
    "selu": (lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772), ()),
    "celu": (lambda x, a=1.0: np.where(x > 0, x, a * np.expm1(x / a)), (), (1.7,)),
    "gelu": (gelu, (), ({"approximate": "tanh"},)),
    "silu": (lambda x: x * sp.expit(x), ()),
    "mish": (lambda x: x * np.tanh(np.log1p(np.exp(x))), ()),
    "hardtanh": (lambda x, a=-1.0, b=1.0: np.clip(x, a, b), (), (-0.5, 0.25)),
    "hardsigmoid": (lambda x: np.clip(x / 6 + 0.5, 0, 1), ()),
    "hardswish": (lambda x: x * np.clip(x / 6 + 0.5, 0, 1), ()),
    "softplus": (softplus, (), (2.0, 1.0)),
    "softsign": (lambda x: x / (1 + np.abs(x)), ()),
    "logsigmoid": (sp.log_expit, ()),
    "tanhshrink": (lambda x: x - np.tanh(x), ()),
    "softshrink": (shrunk, (), (0.2,)),
    "hardshrink": (lambda x, a=0.5: np.where(np.abs(x) > a, x, 0), (), (0.2,)),
    "threshold": (lambda x, t, v: np.where(x > t, x, v), (0.1, -3.0)),
    "tanh": (np.tanh, ()),
    "sigmoid": (sp.expit, ()),
}

PAIR = ((normal(2, 3), normal(3)),)
WITH_NUMBER = (*PAIR, (normal(2, 3), 2.5), (normal(), normal(2)))
DIVISIONS = ((normal(2, 3), above_one(3)), *WITH_NUMBER[1:])
POSITIVE_PAIR = ((positive(2, 3), positive(3)),)
INTEGERS = ((whole(2, 3), natural(3)),)

COMPARISONS = {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
    "ge": np.greater_equal,
}  # fmt: skip
# Functions of two tensors: cases, order of differentiation, result for integers, references.
BINARY = [
    (WITH_NUMBER, 2, "int64", {"mul": np.multiply}),
    (DIVISIONS, 2, "float32", {"true_divide": np.true_divide}),
    (PAIR, 2, "int64", {"maximum": np.maximum, "minimum": np.minimum, "fmax": np.fmax,
                        "fmin": np.fmin}),
    (PAIR, 2, "float32", {"atan2": np.arctan2, "logaddexp": np.logaddexp,
                          "logaddexp2": np.logaddexp2, "copysign": np.copysign}),
    (PAIR, 2, None, {"hypot": np.hypot}),
    (POSITIVE_PAIR, 0, "int64", {"heaviside": np.heaviside}),
    (PAIR, 0, None, {"nextafter": np.nextafter}),
    (POSITIVE_PAIR, 1, "int64", {"fmod": np.fmod, "remainder": np.remainder}),
    (POSITIVE_PAIR, 0, "int64", {"floor_divide": np.floor_divide}),
    (INTEGERS, 0, "int64", {"gcd": np.gcd, "lcm": np.lcm}),
    ((*INTEGERS, (truth(2, 3), truth(3))), 0, "int64", {
        "bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or,
        "bitwise_xor": np.bitwise_xor}),
    (((whole(2, 3), integers(0, 4)(3)),), 0, "int64", {
        "bitwise_left_shift": np.left_shift, "bitwise_right_shift": np.right_shift}),
    ((INTEGERS[0], (truth(2, 3), whole(3))), 0, "bool", {
        "logical_and": np.logical_and, "logical_or": np.logical_or,
        "logical_xor": np.logical_xor}),
    ((INTEGERS[0], PAIR[0], (whole(2, 3), 1)), 0, "bool", COMPARISONS),
]  # fmt: skip


def _families() -> list[Sample]:
    rows = []
    for draw, functions in SMOOTH:
        for name, reference in functions.items():
            short = {"special.i0": "i0"}.get(name, name)
            rows.append(row(short, reference, draw(2, 3), integers="float32", elementwise=True))
    for name, reference in KEEPS_INTEGERS.items():
        rows.append(row(name, reference, normal(2, 3), integers="int64", elementwise=True))
    for name, reference in PREDICATES.items():
        rows.append(row(name, reference, special_values, whole(3), order=0, integers="bool",
                        elementwise=True))  # fmt: skip
    for name, (reference, *cases) in ACTIVATIONS.items():
        rows.append(row(f"nn.functional.{name}", reference,
                        *[(normal(2, 3), *case) for case in cases],
                        # PyTorch's gelu of infinity is NaN.
                        elementwise=name != "gelu",
                        out=False))  # fmt: skip
    for cases, order, result, functions in BINARY:
        for name, reference in functions.items():
            rows.append(row(name, reference, *cases, order=order, integers=result,
                            elementwise=True))  # fmt: skip
    return rows


def stacked_parts(x):
    return np.stack([x.real, x.imag], -1)


ROWS = _families() + [
    # The shapes and numbers that any elementwise function could get, once.
    row("exp", np.exp, normal(), normal(0, 3), complex_normal(2), integers="float32"),
    row("add", lambda a, b, alpha=1: a + alpha * b, *WITH_NUMBER, (normal(2, 1), normal(1, 3)),
        (normal(2, 3), normal(3), {"alpha": 2.5}), (normal(0, 3), normal(3)),
        (complex_normal(2), normal(2)), (truth(3), truth(3)), integers="int64"),
    row("sub", lambda a, b, alpha=1: a - alpha * b, *WITH_NUMBER,
        (normal(2, 3), normal(3), {"alpha": 2.5}), integers="int64"),
    row("rsub", lambda a, b, alpha=1: b - alpha * a, *PAIR,
        (normal(2, 3), 2.5, {"alpha": 2}), integers="int64"),
    row("div", lambda a, b, rounding_mode=None: {None: a / b, "floor": np.floor(a / b),
        "trunc": np.trunc(a / b)}[rounding_mode], *DIVISIONS,
        (normal(3), 0.7, {"rounding_mode": "floor"}), (normal(3), 0.7, {"rounding_mode": "trunc"}),
        integers="float32", out=True),
    row("pow", np.power, *POSITIVE_PAIR, (normal(3), 2), (normal(3), 3.0), (positive(3), 0.5),
        (positive(3), -0.5), (positive(3), 1.7), (2.5, normal(3)), integers="int64"),
    row("float_power", np.float_power, *POSITIVE_PAIR, (positive(2), 1.5), integers="float64",
        out=True),
    row("xlogy", sp.xlogy, *POSITIVE_PAIR, (positive(2), 1.5), integers="float32"),
    row("special.xlog1py", sp.xlog1py, *POSITIVE_PAIR, integers="float32"),
    row("special.zeta", sp.zeta, (above_one(2, 3), positive(3)), order=0, integers="float32"),
    row("special.gammainc", sp.gammainc, *POSITIVE_PAIR, order=0, integers="float32"),
    row("special.gammaincc", sp.gammaincc, *POSITIVE_PAIR, order=0, integers="float32"),
    row("special.polygamma", lambda n, x: sp.polygamma(n, x), (1, positive(2)), (0, positive(2)),
        (3, positive(2)), tolerance=1e-7, out=True),
    row("special.multigammaln", np.vectorize(sp.multigammaln), (above_one(2, 3), 2),
        integers="float32"),
    row("ldexp", lambda a, b: a * 2.0**b, (normal(2, 3), whole(3)), integers="float32"),
    row("logit", lambda x, eps: sp.logit(np.clip(x, eps, 1 - eps)), (share(2, 3), 0.2)),
    row("round", rounded, (normal(2, 3), {"decimals": 2}), (normal(3), {"decimals": -1}), order=1),
    row("frac", lambda x: x - np.trunc(x), normal(2, 3)),
    row("nan_to_num", lambda x, nan=0.0: np.nan_to_num(x, nan=nan), special_values,
        (special_values, {"nan": 2.0}), order=0, integers="int64"),
    row("nan_to_num", np.nan_to_num, normal(3), order=2),
    row("real", np.real, complex_normal(3), normal(3), out=False),
    row("imag", np.imag, complex_normal(3), out=False),
    row("conj", np.conj, complex_normal(3), out=False),
    row("angle", np.angle, normal(3), complex_normal(3), integers="float32"),
    row("view_as_real", stacked_parts, complex_normal(3), out=False),
    row("view_as_complex", lambda x: x[..., 0] + 1j * x[..., 1], normal(3, 2), out=False),
    row("complex", lambda a, b: a + 1j * b, (normal(3), normal(3))),
    row("polar", lambda r, t: r * np.exp(1j * t), (positive(3), normal(3))),
    row("sgn", lambda x: x / np.abs(x), complex_normal(3)),
    row("abs", np.abs, complex_normal(3)),
    row("lerp", lambda a, b, w: a + w * (b - a), (normal(2, 3), normal(3), 0.3),
        (normal(2, 3), normal(3), share(3))),
    row("addcmul", lambda a, b, c, value=1: a + value * b * c,
        (normal(2, 3), normal(3), normal(2, 1)),
        (normal(2), normal(2), normal(2), {"value": 0.5})),
    row("addcdiv", lambda a, b, c, value=1: a + value * b / c,
        (normal(2, 3), normal(3), positive(2, 1)),
        (normal(2), normal(2), positive(2), {"value": 0.5})),
    row("clamp", clamped, (normal(2, 3), -0.5, 0.5), (normal(2, 3), unit(3), above_one(3)),
        (normal(2, 3), {"max": 0.1}), (normal(2, 3), {"min": 0.1}), integers="float32"),
    row("clamp_min", np.maximum, (normal(2, 3), 0.1), (normal(2, 3), unit(3))),
    row("clamp_max", np.minimum, (normal(2, 3), 0.1), (normal(2, 3), unit(3))),
    row("where", np.where, (truth(2, 3), normal(2, 3), normal(3)), (truth(2, 3), normal(3), 2.5),
        out=True),
    row("Tensor.where", lambda x, c, y: np.where(c, x, y), (normal(2, 3), truth(2, 3), normal(3))),
    row("masked_fill", lambda x, m, v: np.where(m, v, x), (normal(2, 3), truth(3), -2.5),
        (normal(2, 3), truth(3), normal()), out=False),
    row("isclose", np.isclose, (constant(1.0, 1.0, np.inf, np.nan), constant(1 + 1e-7, 2, np.inf,
        np.nan)), (whole(3), whole(3), {"rtol": 0.5}), order=0, integers="bool", out=False),
    row("bitwise_not", np.bitwise_not, whole(3), truth(3), order=0, integers="int64"),
    row("hardshrink", lambda x, a=0.5: np.where(np.abs(x) > a, x, 0), normal(2, 3)),
    row("prelu", prelu, (normal(2, 3), normal(1)), (normal(2, 3), normal(3))),
    row("relu", lambda x: np.maximum(x, 0), normal(2, 3), integers="int64", elementwise=True),
    row("selu", lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772), normal(2, 3)),
    row("celu", lambda x, a=1.0: np.where(x > 0, x, a * np.expm1(x / a)), (normal(2, 3), 1.7)),
    row("threshold", lambda x, t, v: np.where(x > t, x, v), (normal(2, 3), 0.1, -3.0)),
    row("nn.functional.glu", glu, normal(2, 4), (normal(4, 2), 0), out=False),
]  # fmt: skip
