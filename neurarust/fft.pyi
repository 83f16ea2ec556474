"""Written by tools/stubs.py from the tables of operations."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .core.tensor.tensor import Size, Tensor

Number: TypeAlias = builtins.complex

def fft(input: Tensor, n: builtins.int | None = ..., dim: builtins.int = ..., norm: str | None = ...) -> Tensor:
    """Fourier transform `sum over t of x[t] e^(-2 pi i k t / n)` along `dim`."""
def fft2(input: Tensor, s: tuple | None = ..., dim: tuple = ..., norm: str | None = ...) -> Tensor:
    """Fourier transform `sum over t of x[t] e^(-2 pi i k t / n)` along two dimensions."""
def fftfreq(n: builtins.int, d: builtins.float = ..., *, dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ...) -> Tensor:
    """Frequencies of the `n` results of `fft` for samples at distance `d`: 0 up, then negative."""
def fftn(input: Tensor, s: tuple | None = ..., dim: tuple | None = ..., norm: str | None = ...) -> Tensor:
    """Fourier transform `sum over t of x[t] e^(-2 pi i k t / n)` along `dim` (all dimensions, or the last `len(s)`)."""
def fftshift(input: Tensor, dim: Any = ...) -> Tensor:
    """The zero frequency moved to the middle of `dim` (of every dimension by default)."""
def hfft(input: Tensor, n: builtins.int | None = ..., dim: builtins.int = ..., norm: str | None = ...) -> Tensor:
    """Fourier transform of half a Hermitian signal, which is real along `dim`."""
def hfft2(input: Tensor, s: tuple | None = ..., dim: tuple = ..., norm: str | None = ...) -> Tensor:
    """Fourier transform of half a Hermitian signal, which is real along two dimensions."""
def hfftn(input: Tensor, s: tuple | None = ..., dim: tuple | None = ..., norm: str | None = ...) -> Tensor:
    """Fourier transform of half a Hermitian signal, which is real along `dim` (all dimensions, or the last `len(s)`)."""
def ifft(input: Tensor, n: builtins.int | None = ..., dim: builtins.int = ..., norm: str | None = ...) -> Tensor:
    """Inverse Fourier transform `1/n sum over k of x[k] e^(2 pi i k t / n)` along `dim`."""
def ifft2(input: Tensor, s: tuple | None = ..., dim: tuple = ..., norm: str | None = ...) -> Tensor:
    """Inverse Fourier transform `1/n sum over k of x[k] e^(2 pi i k t / n)` along two dimensions."""
def ifftn(input: Tensor, s: tuple | None = ..., dim: tuple | None = ..., norm: str | None = ...) -> Tensor:
    """Inverse Fourier transform `1/n sum over k of x[k] e^(2 pi i k t / n)` along `dim` (all dimensions, or the last `len(s)`)."""
def ifftshift(input: Tensor, dim: Any = ...) -> Tensor:
    """The inverse of `fftshift`: the zero frequency moved to the start."""
def ihfft(input: Tensor, n: builtins.int | None = ..., dim: builtins.int = ..., norm: str | None = ...) -> Tensor:
    """Inverse of `hfft`: half a Hermitian signal from a real spectrum along `dim`."""
def ihfft2(input: Tensor, s: tuple | None = ..., dim: tuple = ..., norm: str | None = ...) -> Tensor:
    """Inverse of `hfft`: half a Hermitian signal from a real spectrum along two dimensions."""
def ihfftn(input: Tensor, s: tuple | None = ..., dim: tuple | None = ..., norm: str | None = ...) -> Tensor:
    """Inverse of `hfft`: half a Hermitian signal from a real spectrum along `dim` (all dimensions, or the last `len(s)`)."""
def irfft(input: Tensor, n: builtins.int | None = ..., dim: builtins.int = ..., norm: str | None = ...) -> Tensor:
    """Inverse of `rfft`: real numbers from half a spectrum along `dim`."""
def irfft2(input: Tensor, s: tuple | None = ..., dim: tuple = ..., norm: str | None = ...) -> Tensor:
    """Inverse of `rfft`: real numbers from half a spectrum along two dimensions."""
def irfftn(input: Tensor, s: tuple | None = ..., dim: tuple | None = ..., norm: str | None = ...) -> Tensor:
    """Inverse of `rfft`: real numbers from half a spectrum along `dim` (all dimensions, or the last `len(s)`)."""
def rfft(input: Tensor, n: builtins.int | None = ..., dim: builtins.int = ..., norm: str | None = ...) -> Tensor:
    """Fourier transform of real numbers, of which only half, `n/2 + 1`, are returned along `dim`."""
def rfft2(input: Tensor, s: tuple | None = ..., dim: tuple = ..., norm: str | None = ...) -> Tensor:
    """Fourier transform of real numbers, of which only half, `n/2 + 1`, are returned along two dimensions."""
def rfftfreq(n: builtins.int, d: builtins.float = ..., *, dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ...) -> Tensor:
    """Frequencies of the `n/2 + 1` results of `rfft` for samples at distance `d`."""
def rfftn(input: Tensor, s: tuple | None = ..., dim: tuple | None = ..., norm: str | None = ...) -> Tensor:
    """Fourier transform of real numbers, of which only half, `n/2 + 1`, are returned along `dim` (all dimensions, or the last `len(s)`)."""
