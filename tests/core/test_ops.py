"""Every operation of the sample table: values, modes, forms, dtypes and gradients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special

import neurarust as nr
import neurarust.nn.functional  # registers the losses
from neurarust.core.define import METHODS, NAMESPACES
from neurarust.testing import gradcheck, gradgradcheck

from ..samples import ELSEWHERE, SAMPLES
from ..samples_base import Sample, mapped

ROOT = Path(__file__).parents[2]
SPACES = ("neurarust", "nn.functional", "linalg", "fft", "special", "signal.windows")


def function_of(sample: Sample) -> Callable:
    """The operation by its public name."""
    *space, name = sample.name.split(".")
    if space == ["Tensor"]:
        return METHODS[name]
    return NAMESPACES[".".join(space) or "neurarust"][name]


def labelled(chosen: Callable[[Sample], Any]) -> list:
    """The chosen samples; a name that has several rows is numbered."""
    seen: dict[str, int] = {}
    params = []
    for sample in SAMPLES:
        count = seen[sample.name] = seen.get(sample.name, 0) + 1
        if chosen(sample):
            label = sample.name if count == 1 else f"{sample.name}-{count}"
            params.append(pytest.param(sample, id=label))
    return params


def over(chosen: Callable[[Sample], Any] = lambda sample: True) -> Callable:
    """Parametrises a test by the chosen samples."""
    return pytest.mark.parametrize("sample", labelled(chosen))


def tensors(arguments: list) -> list:
    return mapped(lambda one: nr.tensor(one) if isinstance(one, np.ndarray) else one, arguments)


def called(sample: Sample, case: int = 0, **more: Any) -> Any:
    arguments, keywords = sample.arguments(case)
    return function_of(sample)(*tensors(arguments), **keywords, **more)


def parts(result: Any) -> list[np.ndarray]:
    """A result as NumPy arrays, whatever it holds them in."""
    if isinstance(result, (tuple, list)):
        return [array for one in result for array in parts(one)]
    return [result.detach().numpy() if isinstance(result, nr.Tensor) else np.asarray(result)]


def assert_same(ours: Any, theirs: Any, rtol: float = 0.0) -> None:
    """Equal numbers and shapes; within rtol for the shape of numbers that are not exact."""
    ours, theirs = parts(ours), parts(theirs)
    assert [one.shape for one in ours] == [one.shape for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol, rtol * 1e-2)


@over()
def test_value(sample):
    for case in range(len(sample.cases)):
        arguments, keywords = sample.arguments(case)
        wanted = sample.reference(*arguments, **keywords)
        result = called(sample, case)
        if sample.after is not None:
            result = sample.after(*result)
        assert_same(result, wanted, sample.tolerance)


@over(lambda sample: any(callable(one) for one in sample.cases[0]))
def test_recorded_equals_eager(sample):
    """In a recording the operation is fused with what is around it."""
    arguments, keywords = sample.arguments()

    def run() -> list[np.ndarray]:
        passed = mapped(
            lambda one: nr.tensor(one).clone().clone() if isinstance(one, np.ndarray) else one,
            arguments,
        )
        return parts(function_of(sample)(*passed, **keywords))

    recorded = run()
    with nr.eager_mode():
        assert_same(recorded, run(), 1e-12)


@over(lambda sample: f"{sample.method}_" in METHODS and sample.out is not False
      and not sample.name.startswith("nn.") and callable(sample.cases[0][0]))  # fmt: skip
def test_inplace_form(sample):
    arguments, keywords = sample.arguments()
    wanted = called(sample)
    target, *rest = tensors(arguments)
    other_view = target.detach()
    result = METHODS[f"{sample.method}_"](target, *rest, **keywords)
    assert result is target
    assert_same([target, other_view], [wanted.to(target.dtype)] * 2)


def takes_out(sample: Sample) -> bool:
    return hasattr(function_of(sample), "op") if sample.out is None else sample.out


@over(takes_out)
def test_out_form(sample):
    wanted = called(sample)
    several = isinstance(wanted, tuple)
    targets = [nr.empty(one.shape, dtype=one.dtype) for one in (wanted if several else [wanted])]
    result = called(sample, out=tuple(targets) if several else targets[0])
    for one, target in zip(result if several else [result], targets, strict=True):
        assert one is target
    assert_same(targets, wanted)


def with_integers(arguments: list) -> list:
    """Floating-point arrays as small positive integers."""
    return mapped(
        lambda one: (
            np.asarray(np.ceil(np.abs(np.nan_to_num(one, posinf=1, neginf=1))), np.int64)
            if isinstance(one, np.ndarray) and one.dtype == np.float64
            else one
        ),
        arguments,
    )


@over(lambda sample: sample.integers)
def test_dtype_for_integers(sample):
    arguments, keywords = sample.arguments()
    result = function_of(sample)(*tensors(with_integers(arguments)), **keywords)
    first = result[0] if isinstance(result, tuple) else result
    assert first.dtype is getattr(nr, sample.integers)


def leaves_and_call(sample: Sample, case: int) -> tuple[list[nr.Tensor], Callable]:
    """The floating-point arrays of a case as leaves, and the operation as a function of them."""
    arguments, keywords = sample.arguments(case)
    leaves = []

    def leaf(one: Any) -> Any:
        if not isinstance(one, np.ndarray) or one.dtype.kind not in "fc":
            return nr.tensor(one) if isinstance(one, np.ndarray) else one
        leaves.append(nr.tensor(one, requires_grad=True))
        return leaves[-1]

    passed = mapped(leaf, arguments)

    def operation(*given: nr.Tensor) -> Any:
        swapped = dict(zip(map(id, leaves), given, strict=True))
        again = mapped(lambda one: swapped.get(id(one), one), passed)
        if sample.symmetric:
            again[0] = (again[0] + again[0].mT) / 2
        result = function_of(sample)(*again, **keywords)
        return result if sample.after is None else sample.after(*result)

    return leaves, operation


@over(lambda sample: sample.order > 0)
def test_gradient(sample):
    for case in range(len(sample.cases)):
        leaves, operation = leaves_and_call(sample, case)
        assert not leaves or gradcheck(operation, leaves)


@over(lambda sample: sample.order > 1)
def test_second_gradient(sample):
    leaves, operation = leaves_and_call(sample, 0)
    assert gradgradcheck(operation, leaves)


def never_differentiable(sample: Sample) -> bool:
    record = getattr(function_of(sample), "op", None)
    return record is not None and not record.differentiable


@over(never_differentiable)
def test_results_without_gradient(sample):
    leaves, operation = leaves_and_call(sample, 0)
    assert not operation(*leaves).requires_grad


def test_every_operation_has_a_sample():
    known = {id(function_of(sample)) for sample in SAMPLES}
    elsewhere = {name for names in ELSEWHERE.values() for name in names.split()}
    missing = [
        f"{space}.{name}"
        for space in SPACES
        for name, function in NAMESPACES[space].items()
        if id(function) not in known and name not in elsewhere and not name.endswith("_")
        and not any(NAMESPACES[other].get(name) is not None
                    and id(NAMESPACES[other][name]) in known for other in SPACES)
    ]  # fmt: skip
    assert not missing, f"no row in tests/samples*.py for {' '.join(missing)}"


def test_names_tested_elsewhere():
    every = set().union(*NAMESPACES.values(), METHODS)
    for file, names in ELSEWHERE.items():
        text = (ROOT / file).read_text()
        assert set(names.split()) <= every
        untested = [name for name in names.split() if name not in text]
        assert not untested, f"{file} does not mention {untested}"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_erfcx_does_not_end_where_erfc_does(dtype):
    x = np.array([5, 8.9, 9.1, 12, 19.9, 20.1, 26, 30, 1e3, 1e10], dtype)
    given = nr.tensor(x, requires_grad=True)
    result = nr.special.erfcx(given)
    close = 1e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(result.detach().numpy(), scipy.special.erfcx(x), rtol=close)
    result[:3].sum().backward()
    assert (given.grad[:3] < 0).all() and not given.grad.isnan().any()


def test_gradient_at_an_element_does_not_look_at_it():
    (slopes,) = nr.gradient(nr.tensor([1.0, 2.0, float("nan"), 4.0, 7.0]))
    assert slopes.isnan().tolist() == [False, True, False, True, False] and slopes[2] == 1


@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_gradients_of_a_product_with_zeros(zeros):
    numbers = np.array([2.0, -3.0, 0.5, 4.0])
    numbers[:zeros] = 0
    x = nr.tensor(numbers, requires_grad=True)
    (gradient,) = nr.autograd.grad(x.prod(), x, create_graph=True)
    others = [np.prod(np.delete(numbers, k)) for k in range(4)]
    np.testing.assert_allclose(gradient.detach().numpy(), others)
    # Twice: the product of the other two.
    for k in range(4):
        (second,) = nr.autograd.grad(gradient[k], x, retain_graph=True)
        wanted = [0.0 if k == j else np.prod(np.delete(numbers, [k, j])) for j in range(4)]
        np.testing.assert_allclose(second.numpy(), wanted)
