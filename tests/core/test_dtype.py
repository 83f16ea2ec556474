"""dtypes: PyTorch's promotion, categories, limits and overflow."""

from __future__ import annotations

import copy
import pickle

import jax.numpy as jnp
import numpy as np
import pytest

import neurarust as nr

NAMES = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128"

# torch.promote_types: each row gives the result with every type of NAMES, in order.
SHORT = {
    "b": nr.bool, "u1": nr.uint8, "i1": nr.int8, "i2": nr.int16, "i4": nr.int32, "i8": nr.int64,
    "f2": nr.float16, "bf": nr.bfloat16, "f4": nr.float32, "f8": nr.float64, "c8": nr.complex64,
    "c16": nr.complex128,
}  # fmt: skip
PROMOTED = """
b    b   u1  i1  i2  i4  i8  f2  bf  f4  f8  c8  c16
u1   u1  u1  i2  i2  i4  i8  f2  bf  f4  f8  c8  c16
i1   i1  i2  i1  i2  i4  i8  f2  bf  f4  f8  c8  c16
i2   i2  i2  i2  i2  i4  i8  f2  bf  f4  f8  c8  c16
i4   i4  i4  i4  i4  i4  i8  f2  bf  f4  f8  c8  c16
i8   i8  i8  i8  i8  i8  i8  f2  bf  f4  f8  c8  c16
f2   f2  f2  f2  f2  f2  f2  f2  f4  f4  f8  c8  c16
bf   bf  bf  bf  bf  bf  bf  f4  bf  f4  f8  c8  c16
f4   f4  f4  f4  f4  f4  f4  f4  f4  f4  f8  c8  c16
f8   f8  f8  f8  f8  f8  f8  f8  f8  f8  f8  c16 c16
c8   c8  c8  c8  c8  c8  c8  c8  c8  c8  c16 c8  c16
c16  c16 c16 c16 c16 c16 c16 c16 c16 c16 c16 c16 c16
"""
PAIRS = [
    (SHORT[row.split()[0]], other, SHORT[result])
    for row in PROMOTED.strip().splitlines()
    for other, result in zip(SHORT.values(), row.split()[1:], strict=True)
]


@pytest.fixture
def restore_default():
    yield
    nr.set_default_dtype(nr.float32)


@pytest.mark.parametrize(("first", "second", "result"), PAIRS)
def test_promotion_table(first, second, result):
    assert nr.promote_types(first, second) is result
    one, other = nr.ones(2, dtype=first), nr.ones(2, dtype=second)
    assert nr.result_type(one, other) is result
    assert (one * other).dtype is result


@pytest.mark.parametrize(
    ("dtype", "number", "result"),
    [
        (nr.bool, True, nr.bool), (nr.bool, 1, nr.int64), (nr.bool, 1.0, nr.float32),
        (nr.uint8, True, nr.uint8), (nr.uint8, 3, nr.uint8), (nr.uint8, 1.5, nr.float32),
        (nr.int32, 3, nr.int32), (nr.int32, 1.5, nr.float32), (nr.int64, 1j, nr.complex64),
        (nr.float16, 3, nr.float16), (nr.float16, 1.5, nr.float16),
        (nr.bfloat16, 1.5, nr.bfloat16),
        (nr.float32, 1.5, nr.float32), (nr.float64, 1.5, nr.float64),
        (nr.float64, 1j, nr.complex128), (nr.complex64, 1.5, nr.complex64),
        (nr.complex64, 1j, nr.complex64),
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(), (2,)])
def test_python_numbers_count_only_with_a_higher_category(dtype, number, result, shape):
    tensor = nr.ones(shape, dtype=dtype)
    assert nr.result_type(tensor, number) is result
    assert (tensor + number).dtype is result
    assert (number + tensor).dtype is result


@pytest.mark.parametrize(
    ("dimensioned", "scalar", "result"),
    [
        (nr.float32, nr.float64, nr.float32), (nr.float16, nr.float32, nr.float16),
        (nr.int8, nr.int64, nr.int8), (nr.int8, nr.float64, nr.float64),
        (nr.bool, nr.uint8, nr.uint8), (nr.float32, nr.complex128, nr.complex64),
        (nr.float64, nr.complex64, nr.complex128), (nr.uint8, nr.int8, nr.uint8),
    ],
)  # fmt: skip
def test_scalar_tensors_have_a_category_of_their_own(dimensioned, scalar, result):
    one, other = nr.ones(2, dtype=dimensioned), nr.ones((), dtype=scalar)
    assert nr.result_type(one, other) is result
    assert (one + other).dtype is (other + one).dtype is result


def test_scalar_tensor_outranks_a_number_of_its_category():
    assert (nr.ones((), dtype=nr.float64) * 2.0).dtype is nr.float64
    assert (nr.ones((), dtype=nr.int16) * 2).dtype is nr.int16
    assert (nr.ones((), dtype=nr.int16) * 2.0).dtype is nr.float32


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        (lambda x: x / 2, nr.float32), (lambda x: x.sin(), nr.float32),
        (lambda x: x.sum(), nr.int64), (lambda x: x.prod(), nr.int64),
        (lambda x: x.cumsum(0), nr.int64), (lambda x: x // 2, nr.int32),
        (lambda x: x > 1, nr.bool), (lambda x: x.argmax(), nr.int64),
        (lambda x: x.max(), nr.int32), (lambda x: x**2, nr.int32), (lambda x: -x, nr.int32),
        (lambda x: x.abs(), nr.int32), (lambda x: x * True, nr.int32),
    ],
)  # fmt: skip
def test_results_of_int32(expression, result):
    assert expression(nr.tensor([1, 2], dtype=nr.int32)).dtype is result


@pytest.mark.parametrize("name", NAMES.split())
def test_a_dtype_is_one_object_known_to_numpy_and_jax(name):
    dtype = getattr(nr, name)
    assert isinstance(dtype, nr.dtype)
    assert repr(dtype) == f"neurarust.{name}"
    assert copy.deepcopy(dtype) is dtype is pickle.loads(pickle.dumps(dtype))
    assert np.dtype(dtype) == jnp.dtype(name)
    assert nr.zeros(1, dtype=dtype).element_size() == dtype.itemsize == np.dtype(dtype).itemsize


def test_names_and_kinds():
    aliases = {"half": "float16", "float": "float32", "double": "float64", "short": "int16",
               "int": "int32", "long": "int64"}  # fmt: skip
    for alias, name in aliases.items():
        assert getattr(nr, alias) is getattr(nr, name)
    floating = [name for name in NAMES.split() if getattr(nr, name).is_floating_point]
    assert floating == ["float16", "bfloat16", "float32", "float64"]
    assert [name for name in NAMES.split() if getattr(nr, name).is_complex] == [
        "complex64", "complex128",
    ]  # fmt: skip
    assert not nr.uint8.is_signed and not nr.bool.is_signed and nr.int8.is_signed
    assert nr.complex128.to_real() is nr.float64 and nr.float32.to_complex() is nr.complex64


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1, nr.int64), (1.0, nr.float32), (True, nr.bool), (1j, nr.complex64),
        ([1, 2.0], nr.float32), ([True, 2], nr.int64), ([], nr.float32),
        (np.float64(2), nr.float64), (np.int32(2), nr.int32), (np.zeros(2), nr.float64),
        (np.zeros(2, np.float32), nr.float32), (np.zeros(2, np.uint8), nr.uint8),
    ],
)  # fmt: skip
def test_inferred_dtype(data, dtype):
    assert nr.tensor(data).dtype is dtype


def test_default_dtype_decides_for_python_floats(restore_default):
    nr.set_default_dtype(nr.float64)
    assert nr.get_default_dtype() is nr.float64
    assert nr.tensor(1.0).dtype is nr.zeros(1).dtype is nr.rand(1).dtype is nr.float64
    assert nr.tensor(1j).dtype is nr.complex128
    assert (nr.tensor([1]) / 2).dtype is (nr.tensor([1]) + 0.5).dtype is nr.float64
    nr.set_default_dtype(nr.float32)
    assert (nr.tensor([1]) / 2).dtype is nr.float32
    with pytest.raises(TypeError, match="only floating-point types are supported as the default"):
        nr.set_default_dtype(nr.int64)


@pytest.mark.parametrize(
    ("from_", "to", "allowed"),
    [
        (nr.float64, nr.float16, True), (nr.int64, nr.uint8, True), (nr.int64, nr.float16, True),
        (nr.float32, nr.complex64, True), (nr.float32, nr.int64, False),
        (nr.complex64, nr.float32, False), (nr.int64, nr.bool, False), (nr.bool, nr.int8, True),
    ],
)  # fmt: skip
def test_in_place_casts_never_fall_in_category(from_, to, allowed):
    assert nr.can_cast(from_, to) is allowed
    target = nr.ones(2, dtype=to)
    if allowed:
        assert target.add_(nr.ones(2, dtype=from_)).dtype is to
    else:
        with pytest.raises(RuntimeError, match="can't be cast to the desired output type"):
            target.mul_(nr.ones(2, dtype=from_))
        assert target.tolist() == [1, 1]


def test_true_division_of_integers_in_place_fails():
    counts = nr.tensor([4, 6])
    with pytest.raises(RuntimeError, match="result type neurarust.float32 can't be cast"):
        counts /= 2
    assert counts.tolist() == [4, 6]
    counts //= 2
    assert counts.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("dtype", "number"),
    [(nr.uint8, 256), (nr.uint8, -1), (nr.int8, 128), (nr.int32, 2**31), (nr.int16, -(2**15) - 1)],
)
def test_integer_overflow_from_python_is_an_error(dtype, number):
    with pytest.raises(RuntimeError, match="without overflow"):
        nr.tensor(number, dtype=dtype)
    with pytest.raises(RuntimeError, match="without overflow"):
        nr.full((2,), number, dtype=dtype)
    with pytest.raises(RuntimeError, match="without overflow"):
        nr.ones(2, dtype=dtype).clamp(max=number)


def test_integer_arithmetic_wraps_like_the_hardware():
    assert (nr.tensor([255], dtype=nr.uint8) + 1).tolist() == [0]
    assert (nr.tensor([2**62]) * 2).tolist() == [-(2**63)]
    assert nr.tensor([300]).to(nr.uint8).tolist() == [44]
    small = nr.tensor([1, 250], dtype=nr.uint8)
    for refused in (
        lambda: small.add(small, alpha=300), lambda: small**300, lambda: small.clamp_max(300),
        lambda: small.addcmul(small, small, value=-1),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match="without overflow"):
            refused()
    assert (small + 300).tolist() == [45, 38] and (small * -1).tolist() == [255, 6]
    assert (small == -1).tolist() == [False, False] and (small ^ -1).tolist() == [254, 5]
    assert (nr.tensor([1], dtype=nr.int8) + 200).tolist() == [-55]


@pytest.mark.parametrize(
    "divide",
    [
        lambda x, zero: x // zero, lambda x, zero: x % zero, nr.fmod, nr.remainder,
        lambda x, zero: x.clone().remainder_(zero), lambda x, zero: x.clone().floor_divide_(zero),
        lambda x, zero: nr.div(x, zero, rounding_mode="trunc"),
    ],
)  # fmt: skip
def test_whole_numbers_are_not_divided_by_zero(divide):
    x = nr.tensor([3, 4])
    for zero in (0, nr.tensor(0), nr.tensor([1, 0])):
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            divide(x, zero)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        3 // nr.tensor([1, 0])
    assert not np.isfinite(divide(x.float(), 0.0).numpy()).any()
    assert (x // 2).tolist() == [1, 2]


def test_64_bits_are_real_without_a_global_switch():
    assert (nr.tensor([2**53]) + 1).item() == 2**53 + 1
    assert nr.tensor([0.1], dtype=nr.float64).item() == 0.1
    assert jnp.ones(1).dtype == jnp.float32 and jnp.arange(1).dtype == jnp.int32


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_finfo(name):
    info, wanted = nr.finfo(getattr(nr, name)), np.finfo(name)
    assert (info.bits, info.eps, info.max, info.min, info.tiny, info.resolution) == (
        wanted.bits, wanted.eps, wanted.max, wanted.min, wanted.tiny, wanted.resolution
    )  # fmt: skip
    assert info.dtype == name


def test_finfo_of_bfloat16_and_complex():
    info = nr.finfo(nr.bfloat16)
    assert (info.bits, info.eps, info.tiny) == (16, 2**-7, 2**-126)
    assert nr.finfo(nr.complex128).eps == nr.finfo(nr.float64).eps
    assert nr.finfo().dtype == "float32"
    with pytest.raises(TypeError, match="finfo.. requires a floating point"):
        nr.finfo(nr.int32)


@pytest.mark.parametrize("name", ["uint8", "int8", "int16", "int32", "int64"])
def test_iinfo(name):
    info, wanted = nr.iinfo(getattr(nr, name)), np.iinfo(name)
    assert (info.bits, info.max, info.min) == (wanted.bits, wanted.max, wanted.min)
    with pytest.raises(TypeError, match="iinfo.. requires an integer"):
        nr.iinfo(nr.float32)


def test_conversions():
    values = nr.tensor([-1.5, 0.0, 2.7])
    assert values.int().tolist() == [-1, 0, 2]
    assert values.bool().tolist() == [True, False, True]
    assert values.double().dtype is nr.float64 and values.half().dtype is nr.float16
    assert values.to(nr.float32) is values and values.float() is values
    assert values.to(nr.float32, copy=True) is not values
    assert values.to(nr.tensor(1)).dtype is nr.int64
    assert values.type_as(nr.tensor(True)).dtype is nr.bool
    assert nr.is_floating_point(values) and not nr.is_complex(values)
    with pytest.raises(TypeError, match="not an element type"):
        nr.zeros(1, dtype="float7")


def test_gradient_comes_back_in_the_leafs_dtype():
    weight = nr.ones(2, dtype=nr.float16, requires_grad=True)
    (weight.float() * nr.tensor([1.0, 2.0], dtype=nr.float64)).sum().backward()
    assert weight.grad.dtype is nr.float16 and weight.grad.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("uint8", [255, 44, 255, 0]), ("int8", [-1, 44, -1, 0]), ("int16", [-1, 300, -1, 0])],
)
def test_narrow_integers_keep_the_low_bits(dtype, expected):
    """Of floats beyond their range, however they are converted."""
    wanted, x = getattr(nr, dtype), nr.tensor([-1.0, 300.0, -1.9, float("nan")])
    assert x.to(wanted).tolist() == expected
    target = nr.zeros(4, dtype=wanted)
    assert target.copy_(x).tolist() == expected
    target[:] = x[0]
    assert target.tolist() == expected[:1] * 4
    assert x.half().to(wanted).tolist() == x.double().to(wanted).tolist() == expected


@pytest.mark.parametrize("name", ["sum", "nansum", "prod"])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
def test_sums_keep_the_dtype_asked_for(name, dtype):
    wanted = getattr(nr, dtype)
    result = getattr(nr, name)(nr.tensor([3, 2], dtype=nr.int16), dtype=wanted)
    assert result.dtype is wanted and int(result) == (6 if name == "prod" else 5)
    assert getattr(nr, name)(nr.tensor([3, 2], dtype=wanted)).dtype is nr.int64


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_accumulated_in_single(dtype):
    kind = getattr(nr, dtype)
    x = nr.tensor([300.0, -400.0], dtype=kind)
    near = {"rel": 2**-7}
    assert float(nr.linalg.vector_norm(x)) == pytest.approx(500, **near)
    assert float(nr.norm(x, 3)) == pytest.approx(91e6 ** (1 / 3), **near)
    assert float(nr.std(x, correction=0)) == pytest.approx(350, **near)
    deviation, average = nr.std_mean(x)
    assert float(deviation) == pytest.approx(350 * 2**0.5, **near) and float(average) == -50
    assert nr.var_mean(x / 10)[0].dtype is nr.std(x).dtype is kind
    ones = nr.ones(1, 1000, dtype=kind)
    places = nr.zeros(1, 1000, dtype=nr.int64)
    assert nr.zeros(1, 1, dtype=kind).scatter_add(1, places, ones).item() == 1000
    assert nr.zeros(1, dtype=kind).index_add(0, places[0], ones[0]).item() == 1000
    rows = nr.full((256, 1, 1), 1.0, dtype=kind)
    assert nr.addbmm(nr.full((1, 1), 0.5, dtype=kind), rows, rows * 0.5).item() == pytest.approx(
        128.5, **near
    )
    assert nr.cumprod(nr.tensor([256.0, 256.0, 2.0**-10], dtype=kind), 0)[-1].item() == 64
    assert nr.prod(nr.tensor([256.0, 256.0, 2.0**-10], dtype=kind)).item() == 64
    assert float(nr.polygamma(0, nr.tensor(0.1, dtype=kind))) == pytest.approx(-10.42, **near)
