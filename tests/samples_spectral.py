"""Rows of the sample table: Fourier transforms, spectra of windows, and the windows."""

from __future__ import annotations

import numpy as np
import scipy.signal
from scipy import fft as sf

from .samples_base import complex_normal, normal, positive, row

# The conjugate symmetric part of an input is all that these read: their numbers are real.
HALVED = {"irfft", "hfft"}


def numpys(name):
    """NumPy's (SciPy's, where it has none) transform under PyTorch's names of arguments."""
    find = getattr(sf, name)
    usual = {"2": (-2, -1), "n": None}.get(name[-1], -1)

    def transform(x, s=None, dim=usual, norm=None):
        return find(x, s, dim, norm)

    return transform


def cases(name):
    draw = complex_normal if name.rstrip("2n") in ("fft", "ifft", *HALVED) else normal
    if name[-1] == "2":
        return [(draw(3, 4),), (draw(2, 3, 4), (4, 3)), (draw(3, 2, 4), None, (0, 1), "ortho")]
    if name[-1] == "n":
        return [(draw(3, 4),), (draw(2, 3, 4), (4, 3), (1, 2), "forward")]
    return [(draw(2, 5),), (draw(2, 5), 4), (draw(3, 2), 4, 0, "ortho"), (draw(4), None, -1,
            "forward")]  # fmt: skip


TRANSFORMS = [
    row(f"fft.{name}{kind}", numpys(f"{name}{kind}"), *cases(f"{name}{kind}"), order=1)
    for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
    for kind in ("", "2", "n")
]


def framed(x, size, hop, window, center=True):
    """Spectra of the frames of one signal."""
    x = np.pad(x, size // 2, mode="reflect") if center else x
    frames = np.lib.stride_tricks.sliding_window_view(x, size)[::hop] * window
    return np.fft.rfft(frames).T


def short_time(x, n_fft, hop_length=None, length=None, window=None, center=True, **_):
    window = np.ones(n_fft) if window is None else window
    return framed(x, n_fft, hop_length or n_fft // 4, window, center)


def inverse_short_time(spectrum, n_fft, hop_length=None, length=None, window=None):
    """The sum of the inverse frames over the sum of squared windows."""
    window = np.ones(n_fft) if window is None else window
    hop = hop_length or n_fft // 4
    frames = np.fft.irfft(spectrum.T, n_fft) * window
    total, weight = np.zeros((2, n_fft + hop * (len(frames) - 1)))
    for k, frame in enumerate(frames):
        total[k * hop : k * hop + n_fft] += frame
        weight[k * hop : k * hop + n_fft] += window**2
    return (total / weight)[n_fft // 2 : len(total) - n_fft // 2]


window = positive(4)
SPECTRA = [
    row("fft.fftfreq", lambda n, d=1.0: sf.fftfreq(n, d), (5,), (4, 0.5), order=0, tolerance=1e-6,
        out=True),
    row("fft.rfftfreq", lambda n, d=1.0: sf.rfftfreq(n, d), (5,), (4, 0.5), order=0,
        tolerance=1e-6, out=True),
    row("fft.fftshift", sf.fftshift, normal(2, 5), (normal(2, 4), (1,)), order=1, out=False),
    row("fft.ifftshift", sf.ifftshift, normal(2, 5), (normal(2, 4), (1,)), order=1, out=False),
    row("stft", short_time, (normal(12), 4, {"return_complex": True}),
        (normal(12), 4, 2, 4, window, {"return_complex": True}),
        (normal(12), 4, {"hop_length": 3, "center": False, "return_complex": True}), order=1,
        out=False),
    row("istft", inverse_short_time, (complex_normal(3, 6), 4, 1, 4, window),
        (complex_normal(3, 6), 4, {"hop_length": 2}), order=1, out=False),
]  # fmt: skip


def scipys(name, *given):
    """SciPy's window, with `sym` as PyTorch's `periodic` turned over."""
    return lambda n, periodic=True: scipy.signal.get_window(given[0] if given else name, n,
                                                            periodic)  # fmt: skip


SHAPES = {
    "bartlett": "bartlett", "blackman": "blackman", "hamming": "hamming", "hann": "hann",
}  # fmt: skip
WINDOWS = [
    *[row(f"{name}_window", scipys(name), (5,), (6, False), (1,), order=0, tolerance=1e-6,
          out=False) for name in SHAPES],
    row("kaiser_window", scipys("kaiser", ("kaiser", 12.0)), (5,), (6, False), order=0,
        tolerance=1e-5, out=False),
    *[row(f"signal.windows.{name}", getattr(scipy.signal.windows, name), (5,), (6, {"sym": False}),
          (1,), order=0, tolerance=1e-6, out=False)
      for name in (*SHAPES, "cosine", "exponential", "nuttall")],
    row("signal.windows.gaussian", scipy.signal.windows.gaussian, (5, {"std": 1.5}), order=0,
        tolerance=1e-6, out=False),
    row("signal.windows.kaiser", scipy.signal.windows.kaiser, (5, {"beta": 8.0}), order=0,
        tolerance=1e-5, out=False),
    row("signal.windows.general_cosine", scipy.signal.windows.general_cosine, (5, {"a":
        (0.5, 0.3, 0.2)}), order=0, tolerance=1e-6, out=False),
    row("signal.windows.general_hamming", scipy.signal.windows.general_hamming, (5, {"alpha":
        0.6}), order=0, tolerance=1e-6, out=False),
]  # fmt: skip

ROWS = TRANSFORMS + SPECTRA + WINDOWS
