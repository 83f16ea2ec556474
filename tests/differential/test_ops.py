"""The sample table against PyTorch: values of every dtype, gradients, special numbers, layouts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import neurarust as nr
import neurarust.nn.functional  # registers the losses
from neurarust.core.define import NAMESPACES

from ..core.test_ops import function_of, over
from ..samples_base import Sample, mapped

torch = pytest.importorskip("torch")

DTYPES = ("float32", "int64", "int32", "uint8", "bool", "complex64", "float16", "bfloat16")
# Relative error by the dtype that PyTorch computes in.
TOLERANCE = {
    "float32": 2e-5, "float64": 1e-7, "complex64": 2e-5, "complex128": 1e-7, "float16": 4e-3,
    "bfloat16": 3e-2,
}  # fmt: skip
SPECIAL = np.array([[np.nan, np.inf, -np.inf], [0.0, -0.0, 1.0]])
# Where subgradients are chosen and signs change.
KINKS = np.array([[0.0, 1.0, -1.0], [0.5, -0.5, 3.0], [-3.0, 6.0, 2.5]])


def theirs_of(sample: Sample) -> Callable | None:
    """PyTorch's function of a sample, if it has one."""
    *space, name = (sample.torch if sample.torch is not None else sample.name).split(".")
    place = torch
    for one in space:
        place = getattr(place, one)
    return getattr(place, name, None)


def compared(sample: Sample) -> bool:
    return theirs_of(sample) is not None and sample.torch != ""


def run(sample: Sample, function: Callable, arguments: list, keywords: dict) -> list:
    """The result as a list of tensors."""
    result = function(*arguments, **keywords)
    if sample.after is not None:
        result = sample.after(*result)
    return list(result) if isinstance(result, (tuple, list)) else [result]


def array_of(result: Any) -> np.ndarray:
    if isinstance(result, torch.Tensor):
        result = result.detach().resolve_conj()
        wide = result.float() if result.dtype in (torch.bfloat16, torch.float16) else result
        return wide.numpy(force=True)
    if isinstance(result, nr.Tensor):
        result = result.detach()
        wide = result.float() if result.dtype in (nr.bfloat16, nr.float16) else result
        return wide.numpy()
    return np.asarray(result)


def dtype_name(result: Any) -> str:
    return str(getattr(result, "dtype", type(result))).split(".")[-1]


def assert_alike(ours: list, theirs: list, factor: float = 1.0) -> None:
    """The same dtypes, shapes and, within the precision of the dtype, numbers."""
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert dtype_name(one) == dtype_name(other)
        mine, wanted = array_of(one), array_of(other)
        assert mine.shape == wanted.shape
        rtol = TOLERANCE.get(dtype_name(other), 0.0) * factor
        np.testing.assert_allclose(mine, wanted, rtol, rtol, equal_nan=True)


def cast(one: np.ndarray, dtype: str) -> np.ndarray:
    """Real numbers as NumPy holds them before they become `dtype`."""
    if one.dtype != np.float64:
        return one
    if dtype == "bool":
        return one > 0.5
    if dtype == "uint8":
        return np.asarray(np.ceil(np.abs(np.nan_to_num(one, posinf=1, neginf=1))), np.uint8)
    if dtype.startswith("int"):
        return np.asarray(np.round(np.nan_to_num(one, posinf=1, neginf=1) * 2), dtype)
    if dtype == "complex64":
        if not one.ndim:
            return np.asarray(one + 0.3j, dtype)
        imaginary = 0.5 * one[..., ::-1]
        if one.ndim > 1 and one.shape[-1] == one.shape[-2]:
            # A Cholesky factor has a real diagonal; with another one LAPACKs disagree.
            imaginary = imaginary * (1 - np.eye(one.shape[-1]))
        return np.asarray(one + 1j * imaginary, dtype)
    return one


def twice(arguments: list, dtype: str, layout: bool = False) -> tuple[list, list]:
    """The same arguments as our tensors and as PyTorch's."""

    def made(library: Any) -> list:
        def tensor(one: Any) -> Any:
            if not isinstance(one, np.ndarray):
                return one
            array = cast(one, dtype)
            if layout and array.ndim > 1:
                result = library.tensor(np.ascontiguousarray(array.T)).permute(
                    *reversed(range(array.ndim))
                )
            else:
                result = library.tensor(array)
            if one.dtype == np.float64 and dtype_name(result) != dtype:
                result = result.to(getattr(library, dtype))
            if one.dtype == np.complex128:
                result = result.to(library.complex64)
            return result

        return mapped(tensor, arguments)

    return made(nr), made(torch)


@over(compared)
@pytest.mark.filterwarnings("ignore")
def test_dtypes(sample):
    """Wherever PyTorch has a result, so have we, and it is the same."""
    arguments, keywords = sample.arguments()
    for dtype in DTYPES[-3:] + DTYPES[:1] if sample.floats else DTYPES:
        ours, theirs = twice(arguments, dtype)
        try:
            wanted = run(sample, theirs_of(sample), theirs, keywords)
        except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError):
            continue
        if any(dtype_name(one) == "complex32" for one in wanted):
            continue
        with np.errstate(all="ignore"):
            try:
                result = run(sample, function_of(sample), ours, keywords)
                known = 1 if sample.open_at_ties else len(wanted)
                assert_alike(result[:known], wanted[:known])
            except Exception as error:
                error.add_note(f"{sample.name} for {dtype}: PyTorch has {wanted}")
                raise


def gradients(sample: Sample, function: Callable, arguments: list, keywords: dict) -> list:
    """Gradients of all floating-point arguments, the outputs weighted by 1, 2, 3..."""
    leaves: list = []

    def leaf(one: Any) -> Any:
        if "float" in dtype_name(one) and hasattr(one, "requires_grad_"):
            leaves.append(one.requires_grad_())
        return one

    outputs = run(sample, function, mapped(leaf, arguments), keywords)
    terms = []
    for one in outputs:
        if hasattr(one, "requires_grad") and one.requires_grad:
            library = torch if isinstance(one, torch.Tensor) else nr
            weights = library.arange(1, one.numel() + 1, dtype=library.float32)
            real = one.abs() if one.is_complex() else one
            terms.append(real.reshape(-1).mul(weights).sum())
    if not terms:
        return []
    sum(terms).backward()
    return [one.grad for one in leaves if one.grad is not None]


@over(lambda sample: sample.order > 0 and compared(sample) and not sample.differs)
@pytest.mark.filterwarnings("ignore")
def test_gradients(sample):
    arguments, keywords = sample.arguments()
    ours, theirs = twice(arguments, "float32")
    wanted = gradients(sample, theirs_of(sample), theirs, keywords)
    assert_alike(gradients(sample, function_of(sample), ours, keywords), wanted, 10)


def replaced(arguments: list, array: np.ndarray) -> list:
    """The arguments with every floating-point array replaced."""
    return mapped(
        lambda one: array.copy() if isinstance(one, np.ndarray) and one.dtype == np.float64
        else one, arguments,
    )  # fmt: skip


def real(sample: Sample) -> bool:
    """Whether NaN and infinity can be put into each of its tensors."""
    arrays = [one for one in sample.arguments()[0] if isinstance(one, np.ndarray)]
    return sample.elementwise and compared(sample) and all(one.dtype.kind == "f" for one in arrays)


@over(real)
@pytest.mark.filterwarnings("ignore")
def test_special_numbers(sample):
    arguments, keywords = sample.arguments()
    ours, theirs = twice(replaced(arguments, SPECIAL), "float32")
    wanted = run(sample, theirs_of(sample), theirs, keywords)
    assert_alike(run(sample, function_of(sample), ours, keywords), wanted)


@over(lambda sample: real(sample) and sample.order > 0)
@pytest.mark.filterwarnings("ignore")
def test_gradients_at_kinks(sample):
    arguments, keywords = sample.arguments()
    ours, theirs = twice(replaced(arguments, KINKS), "float32")
    wanted = gradients(sample, theirs_of(sample), theirs, keywords)
    found = gradients(sample, function_of(sample), ours, keywords)
    for one, other in zip(found, wanted, strict=True):
        mine, reference = array_of(one), array_of(other)
        # At a pole any huge number will do, and NaN asks for nothing.
        pole = np.abs(reference) > 1e10
        assert bool((~np.isfinite(mine[pole]) | (np.abs(mine[pole]) > 1e10)).all())
        regular = ~pole & ~np.isnan(reference)
        np.testing.assert_allclose(mine[regular], reference[regular], 2e-5, 2e-5)


@over(lambda sample: compared(sample)
      and any(getattr(one, "shape", ())[1:] for one in sample.cases[0]))  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_not_contiguous(sample):
    arguments, keywords = sample.arguments()
    ours, theirs = twice(arguments, "float32", layout=True)
    try:
        wanted = run(sample, theirs_of(sample), theirs, keywords)
    except RuntimeError:
        return  # PyTorch's views of such memory are errors; ours are copies.
    assert_alike(run(sample, function_of(sample), ours, keywords), wanted)


WITH_DIMENSION = """
    sum mean nansum prod amax amin max min argmax argmin all any count_nonzero logsumexp var std
    var_mean std_mean softmax log_softmax cumsum cumprod logcumsumexp cummax cummin sort argsort
    median nanmedian quantile flip unbind squeeze unsqueeze nn.functional.glu
    nn.functional.normalize nn.functional.softmin linalg.vector_norm special.softmax
""".split()


@pytest.mark.parametrize("name", WITH_DIMENSION)
def test_error_for_a_wrong_dimension(name):
    keywords = {"dims": (5,)} if name == "flip" else {"dim": 5}
    more = (0.5,) if name == "quantile" else ()
    kinds = []
    for library in (torch, nr):
        *space, last = name.split(".")
        function = NAMESPACES[".".join(space) or "neurarust"][last]
        if library is torch:
            function = torch
            for part in name.split("."):
                function = getattr(function, part)
        with pytest.raises(Exception) as caught:
            function(library.ones(2, 4), *more, **keywords)
        kinds.append(caught.type)
    assert issubclass(kinds[1], kinds[0])


def test_gradient_of_ctc_through_log_softmax():
    """Where the probabilities are normalized, the two conventions meet."""
    scores = np.random.default_rng(0).standard_normal((4, 2, 3)).astype(np.float32)
    found = []
    for library in (nr, torch):
        x = library.tensor(scores, requires_grad=True)
        lengths = library.tensor([4, 3]), library.tensor([2, 1])
        functional = library.nn.functional
        targets = library.tensor([[1, 2], [2, 2]])
        functional.ctc_loss(functional.log_softmax(x, 2), targets, *lengths).backward()
        found.append(array_of(x.grad))
    np.testing.assert_allclose(*found, 1e-4, 1e-5)
