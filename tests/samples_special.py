"""Rows of the sample table: Bessel functions, polynomials, incomplete gamma functions."""

from __future__ import annotations

import numpy as np
from scipy import special as sp

from .samples_base import above_one, constant, integers, normal, positive, row, uniform

# Both sides of the places where one formula gives way to another.
wide = uniform(0.1, 30.0)
small = uniform(-3.0, 3.0)
signed = uniform(-20.0, 20.0)
degrees = integers(-1, 7)


def airy(x):
    return sp.airy(x)[0]


BESSEL = [
    *[row(f"special.bessel_{name}", function, draw(8), order=0, integers="float32",
          tolerance=1e-10, torch=f"special.bessel_{name}")
      for name, function, draw in (("j0", sp.j0, signed), ("j1", sp.j1, signed),
                                   ("y0", sp.y0, wide), ("y1", sp.y1, wide))],
    *[row(f"special.{before}modified_bessel_k{n}", function, wide(8), order=0,
          integers="float32", tolerance=1e-10)
      for before, n, function in (("", 0, sp.k0), ("", 1, sp.k1), ("scaled_", 0, sp.k0e),
                                  ("scaled_", 1, sp.k1e))],
    row("special.modified_bessel_i0", sp.i0, small(6), order=0, integers="float32",
        tolerance=1e-7),
    row("special.modified_bessel_i1", sp.i1, small(6), order=0, integers="float32",
        tolerance=1e-7),
    row("special.airy_ai", airy, uniform(-12.0, 8.0)(8), order=0, integers="float32",
        tolerance=1e-10),
    row("special.spherical_bessel_j0", lambda x: sp.spherical_jn(0, x), wide(4), constant(0.0),
        order=0, integers="float32"),
]  # fmt: skip


def chebyshev(kind, shift=False):
    """Chebyshev polynomials of the four kinds by their trigonometric form."""
    parts = {
        "t": lambda n, a: np.cos(n * a),
        "u": lambda n, a: np.sin((n + 1) * a) / np.sin(a),
        "v": lambda n, a: np.cos((n + 0.5) * a) / np.cos(a / 2),
        "w": lambda n, a: np.sin((n + 0.5) * a) / np.sin(a / 2),
    }

    def polynomial(x, n):
        angle = np.arccos(2 * x - 1 if shift else x)
        return np.where(n < 0, 0, parts[kind](n, angle))

    return polynomial


def natural_only(function):
    return lambda x, n: np.where(n < 0, 0, function(np.maximum(n, 0), x))


def of_degree(name, reference, draw):
    return row(f"special.{name}", reference, (draw(2, 3), degrees(3)), (draw(3), 4), order=0,
               tolerance=1e-8)  # fmt: skip


POLYNOMIALS = [
    *[of_degree(f"chebyshev_polynomial_{kind}", chebyshev(kind), uniform(-0.9, 0.9))
      for kind in "tuvw"],
    *[of_degree(f"shifted_chebyshev_polynomial_{kind}", chebyshev(kind, True), uniform(0.1, 0.9))
      for kind in "tuvw"],
    of_degree("hermite_polynomial_h", natural_only(sp.eval_hermite), small),
    of_degree("hermite_polynomial_he", natural_only(sp.eval_hermitenorm), small),
    of_degree("laguerre_polynomial_l", natural_only(sp.eval_laguerre), small),
    of_degree("legendre_polynomial_p", natural_only(sp.eval_legendre), small),
]  # fmt: skip

GAMMA = [
    row("igamma", sp.gammainc, (positive(2, 3), positive(2, 3)), order=0, integers="float32"),
    row("igammac", sp.gammaincc, (positive(2, 3), positive(2, 3)), order=0, integers="float32"),
    row("special.zeta", sp.zeta, (above_one(2, 3), positive(3)), order=0, integers="float32"),
    row("digamma", sp.psi, uniform(-0.9, -0.1)(3), tolerance=1e-8),
    row("frexp", lambda x: np.frexp(x), normal(2, 3), constant(0.0, np.inf, 1e-300), order=0),
]  # fmt: skip

ROWS = BESSEL + POLYNOMIALS + GAMMA
