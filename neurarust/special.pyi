"""Written by tools/stubs.py from the tables of operations."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .core.tensor.tensor import Size, Tensor

Number: TypeAlias = builtins.complex

def airy_ai(input: Tensor) -> Tensor:
    """Airy function Ai, the solution of `f'' = x f` that falls to 0."""
def bessel_j0(input: Tensor) -> Tensor:
    """Bessel function of the first kind, order 0."""
def bessel_j1(input: Tensor) -> Tensor:
    """Bessel function of the first kind, order 1."""
def bessel_y0(input: Tensor) -> Tensor:
    """Bessel function of the second kind, order 0."""
def bessel_y1(input: Tensor) -> Tensor:
    """Bessel function of the second kind, order 1."""
def chebyshev_polynomial_t(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Chebyshev's of the first kind polynomials of degree `n`, elementwise."""
def chebyshev_polynomial_u(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Chebyshev's of the second kind polynomials of degree `n`, elementwise."""
def chebyshev_polynomial_v(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Chebyshev's of the third kind polynomials of degree `n`, elementwise."""
def chebyshev_polynomial_w(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Chebyshev's of the fourth kind polynomials of degree `n`, elementwise."""
def digamma(input: Tensor) -> Tensor:
    """Derivative of `log gamma(x)`; minus infinity at 0."""
def entr(input: Tensor) -> Tensor:
    """Entropy term `-x log(x)`: 0 at 0, minus infinity below."""
def erf(input: Tensor) -> Tensor:
    """Error function `2 / sqrt(pi) * integral of e^(-t^2) from 0 to x`."""
def erfc(input: Tensor) -> Tensor:
    """`1 - erf(x)`, exact for large x."""
def erfcx(input: Tensor) -> Tensor:
    """`e^(x^2) * erfc(x)`."""
def erfinv(input: Tensor) -> Tensor:
    """Inverse of the error function, on `[-1, 1]`."""
def exp2(input: Tensor) -> Tensor:
    """Power of two `2^x`."""
def expit(input: Any) -> Any:
    """Logistic function `1 / (1 + e^-x)`: another name of `sigmoid`."""
def expm1(input: Tensor) -> Tensor:
    """`e^x - 1`, exact near 0."""
def gammainc(input: Any, other: Any) -> Any:
    """Lower regularized incomplete gamma function: another name of `igamma`."""
def gammaincc(input: Any, other: Any) -> Any:
    """Upper regularized incomplete gamma function: another name of `igammac`."""
def gammaln(input: Any) -> Any:
    """`log |gamma(x)|`: another name of `lgamma`."""
def hermite_polynomial_h(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Hermite's, of physicists polynomials of degree `n`, elementwise."""
def hermite_polynomial_he(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Hermite's, of probabilists polynomials of degree `n`, elementwise."""
def i0(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, order 0."""
def i0e(input: Tensor) -> Tensor:
    """`i0(x) * e^-|x|`."""
def i1(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, order 1."""
def i1e(input: Tensor) -> Tensor:
    """`i1(x) * e^-|x|`."""
def laguerre_polynomial_l(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Laguerre's polynomials of degree `n`, elementwise."""
def legendre_polynomial_p(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Legendre's polynomials of degree `n`, elementwise."""
def log1p(input: Tensor) -> Tensor:
    """`log(1 + x)`, exact near 0."""
def log_ndtr(input: Tensor) -> Tensor:
    """`log(ndtr(x))`, exact far below 0."""
def log_softmax(input: Any, dim: Any, *, dtype: Any = ...) -> Any:
    """`x - log(sum(e^x))`: another name of `neurarust.log_softmax`."""
def logit(input: Tensor, eps: builtins.float | None = ...) -> Tensor:
    """`log(x / (1 - x))`, the inverse of the sigmoid."""
def logsumexp(input: Any, dim: Any, keepdim: Any = ...) -> Any:
    """`log(sum(e^x))` over `dim`: another name of `neurarust.logsumexp`."""
def modified_bessel_i0(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, order 0."""
def modified_bessel_i1(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, order 1."""
def modified_bessel_k0(input: Tensor) -> Tensor:
    """Modified Bessel function of the second kind, order 0."""
def modified_bessel_k1(input: Tensor) -> Tensor:
    """Modified Bessel function of the second kind, order 1."""
def multigammaln(input: Tensor, p: builtins.int) -> Tensor:
    """Logarithm of the multivariate gamma function of dimension `p`."""
def mvlgamma(input: Tensor, p: builtins.int) -> Tensor:
    """Logarithm of the multivariate gamma function of dimension `p`."""
def ndtr(input: Tensor) -> Tensor:
    """Probability that a standard normal number is below x."""
def ndtri(input: Tensor) -> Tensor:
    """Inverse of `ndtr`, on `[0, 1]`."""
def polygamma(n: Any, input: Any) -> Any:
    """The `n`-th derivative of `digamma(x)`."""
def psi(input: Any) -> Any:
    """Derivative of `log gamma(x)`: another name of `digamma`."""
def round(input: Tensor, *, decimals: builtins.int = ...) -> Tensor:
    """Nearest whole number, halves to the even one."""
def scaled_modified_bessel_k0(input: Tensor) -> Tensor:
    """Modified Bessel function of the second kind, order 0, times `e^x`."""
def scaled_modified_bessel_k1(input: Tensor) -> Tensor:
    """Modified Bessel function of the second kind, order 1, times `e^x`."""
def shifted_chebyshev_polynomial_t(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Chebyshev's of the first kind polynomials of degree `n` of `2 x - 1`, elementwise."""
def shifted_chebyshev_polynomial_u(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Chebyshev's of the second kind polynomials of degree `n` of `2 x - 1`, elementwise."""
def shifted_chebyshev_polynomial_v(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Chebyshev's of the third kind polynomials of degree `n` of `2 x - 1`, elementwise."""
def shifted_chebyshev_polynomial_w(input: Tensor | Number, n: Tensor | Number) -> Tensor:
    """Chebyshev's of the fourth kind polynomials of degree `n` of `2 x - 1`, elementwise."""
def sinc(input: Tensor) -> Tensor:
    """`sin(pi x) / (pi x)`, and 1 at 0."""
def softmax(input: Any, dim: Any, *, dtype: Any = ...) -> Any:
    """`e^x / sum(e^x)`: another name of `neurarust.softmax`."""
def spherical_bessel_j0(input: Tensor) -> Tensor:
    """Spherical Bessel function of the first kind, order 0: `sin(x) / x`."""
def xlog1py(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """`input * log(1 + other)`, and 0 where input is 0 unless other is NaN."""
def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """`input * log(other)`, and 0 where input is 0 unless other is NaN."""
def zeta(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Hurwitz zeta function `sum of 1 / (k + other)^input` over k from 0."""
