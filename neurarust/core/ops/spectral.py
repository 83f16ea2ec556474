"""Short-time Fourier transforms: spectra of overlapping windows of a signal."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ..define import function, op
from ..errors import fail
from ..op import Array
from ..tensor.tensor import Tensor
from .elementwise import is_complex, is_float
from .fft import prepared
from .reinterpreting import view_as_complex, view_as_real


def framed(signal: Array, size: int, hop: int) -> Array:
    """Windows of `size` samples every `hop`. Shape: (batch, time) to (batch, frame, size)."""
    count = 1 + (signal.shape[-1] - size) // hop
    if size % hop:
        places = jnp.arange(count)[:, None] * hop + jnp.arange(size)
        return signal[:, places]
    # A frame is a few whole hops: slices are faster than a gather.
    hops = signal[:, : (count - 1) * hop + size].reshape(signal.shape[0], -1, hop)
    return jnp.concatenate([hops[:, k : k + count] for k in range(size // hop)], -1)


def overlapped(frames: Array, length: int, hop: int) -> Array:
    """The sum of windows put back every `hop`: the transpose of `framed`."""
    signal = jax.ShapeDtypeStruct((frames.shape[0], length), frames.dtype)
    add = jax.linear_transpose(lambda one: framed(one, frames.shape[-1], hop), signal)
    return add(frames)[0]


def centered(operation: str, window: Array | None, size: int, length: int, dtype: Any) -> Array:
    """The window in the middle of `size` points; ones by default."""
    if not 0 < length <= size:
        fail(operation, f"win_length={length}", f"a length in (0, {size}]")
    if window is None:
        window = jnp.ones(length, dtype)
    if window.shape != (length,):
        fail(operation, f"a window of shape {tuple(window.shape)}", f"one of shape ({length},)")
    window = window if is_float(window) else window.astype(dtype)
    before = (size - length) // 2
    return jnp.pad(window, (before, size - length - before))


PADDINGS = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@op(name="_stft", method=False, namespace=())
def _stft(
    input: Array, window: Array | None, n_fft: int, hop: int, length: int, center: bool,
    pad_mode: str, normalized: bool, onesided: bool,
):  # fmt: skip
    signal = prepared("stft", input, real=False)
    if signal.ndim not in (1, 2):
        fail("stft", f"shape {tuple(input.shape)}", "(time) or (batch, time)")
    if hop <= 0:
        fail("stft", f"hop_length={hop}", "a step above 0")
    if pad_mode not in PADDINGS:
        fail("stft", f"pad_mode={pad_mode!r}", f"one of {', '.join(PADDINGS)}",
             kind=NotImplementedError)  # fmt: skip
    single = signal.ndim == 1
    signal = signal[None] if single else signal
    if center:
        half = n_fft // 2
        if pad_mode == "reflect" and half >= signal.shape[-1]:
            fail("stft", f"{signal.shape[-1]} samples", f"more than {half} to reflect them")
        signal = jnp.pad(signal, ((0, 0), (half, half)), mode=PADDINGS[pad_mode])
    if not 0 < n_fft <= signal.shape[-1]:
        fail("stft", f"n_fft={n_fft}", f"a size in (0, {signal.shape[-1]}]")
    shape = centered("stft", window, n_fft, length, signal.dtype)
    frames = framed(signal, n_fft, hop) * shape
    if onesided and is_complex(frames):
        fail("stft", "onesided=True and complex numbers", "onesided=False")
    norm = "ortho" if normalized else "backward"
    spectrum = (jnp.fft.rfft if onesided else jnp.fft.fft)(frames, norm=norm)
    spectrum = jnp.swapaxes(spectrum, 1, 2)  # (batch, frequency, frame)
    return spectrum[0] if single else spectrum


@function()
def stft(
    input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
    window: Tensor | None = None, center: bool = True, pad_mode: str = "reflect",
    normalized: bool = False, onesided: bool | None = None, return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:  # fmt: skip
    """Spectra of windows of `n_fft` samples every `hop_length` (a quarter window by default).

    Args:
        win_length: length of `window`, which stands in the middle of the `n_fft` samples.
        center: whether frame k is centred at sample `k * hop_length`, the ends padded.
        onesided: whether only half the frequencies are returned (default: of real signals).
        return_complex: False for pairs of real numbers in a last dimension.
    Shape: (time) or (batch, time) to (batch, frequency, frame).
    """
    if align_to_window is not None and center:
        fail("stft", "align_to_window with center=True", "center=False")
    complex_input = input.is_complex() or (window is not None and window.is_complex())
    if return_complex is None:
        if not complex_input:
            fail("stft", "a real input without return_complex", "return_complex=True or False")
        return_complex = True
    spectrum = _stft(
        input, window, n_fft, n_fft // 4 if hop_length is None else hop_length,
        n_fft if win_length is None else win_length, center, pad_mode, normalized,
        not complex_input if onesided is None else onesided,
    )  # fmt: skip
    return spectrum if return_complex else view_as_real(spectrum)


@op(name="_istft", method=False, namespace=())
def _istft(
    input: Array, window: Array | None, n_fft: int, hop: int, length: int, center: bool,
    normalized: bool, onesided: bool, samples: int | None, complex_result: bool,
):  # fmt: skip
    if input.ndim not in (2, 3) or 0 in input.shape:
        fail("istft", f"shape {tuple(input.shape)}", "(frequency, frame), perhaps in a batch")
    single = input.ndim == 2
    spectrum = jnp.swapaxes(input[None] if single else input, 1, 2)
    wanted = n_fft // 2 + 1 if onesided else n_fft
    if spectrum.shape[-1] != wanted:
        fail("istft", f"{spectrum.shape[-1]} frequencies", f"{wanted} for n_fft={n_fft}")
    if not 0 < hop <= length:
        fail("istft", f"hop_length={hop}", f"a step in (0, {length}]")
    real = jnp.real(spectrum).dtype
    shape = centered("istft", window, n_fft, length, real)
    norm = "ortho" if normalized else "backward"
    if complex_result:
        if onesided:
            fail("istft", "onesided=True and a complex result", "onesided=False")
        frames = jnp.fft.ifft(spectrum, norm=norm)
    else:
        if is_complex(shape):
            fail("istft", "a complex window", "a real one, or return_complex=True")
        frames = jnp.fft.irfft(spectrum[..., : n_fft // 2 + 1], n_fft, norm=norm)
    count = spectrum.shape[1]
    total = n_fft + hop * (count - 1)
    signal = overlapped(frames * shape, total, hop)
    weight = overlapped(jnp.broadcast_to(shape * shape, (1, count, n_fft)), total, hop)
    start = n_fft // 2 if center else 0
    end = total - start if samples is None else min(start + samples, total)
    signal = signal[:, start:end] / weight[:, start:end]
    if samples is not None and signal.shape[-1] < samples:
        signal = jnp.pad(signal, ((0, 0), (0, samples - signal.shape[-1])))
    return signal[0] if single else signal


@function()
def istft(
    input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
    window: Tensor | None = None, center: bool = True, normalized: bool = False,
    onesided: bool | None = None, length: int | None = None, return_complex: bool = False,
) -> Tensor:  # fmt: skip
    """The signal whose `stft` is nearest to the input (Griffin and Lim, 1984).

    Args:
        length: how many samples to return, cut or padded with zeros.
    Shape: (frequency, frame) or (batch, frequency, frame) to (time) or (batch, time).
    Differs from PyTorch: where the windows add up to 0 the result is NaN, not an error.
    """
    if not input.is_complex():
        if input.ndim not in (3, 4) or input.shape[-1] != 2:
            fail("istft", f"a real input of shape {tuple(input.shape)}", "complex numbers")
        input = view_as_complex(input.contiguous())
    frequencies = input.shape[-2] if input.ndim > 1 else 0
    half = frequencies != n_fft if onesided is None else onesided
    size = n_fft if win_length is None else win_length
    return _istft(
        input, window, n_fft, n_fft // 4 if hop_length is None else hop_length, size, center,
        normalized, half, length, return_complex,
    )  # fmt: skip
