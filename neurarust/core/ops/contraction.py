"""Products of matrices and of more general tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax.numpy as jnp
from jax import lax

from .. import native
from ..define import function, op
from ..errors import fail
from ..op import Array, Arrays, Scalar
from .elementwise import HALF
from .reduce import p_norm, safe_root, total

TORCH_NAMES = {
    "float64": "double",
    "float32": "float",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "int64": "long",
    "int32": "int",
    "int16": "short",
    "int8": "signed char",
    "uint8": "unsigned char",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
}


def same_dtype(*arrays: Array) -> None:
    """Raises unless all factors have one dtype: products do not promote, as in PyTorch."""
    first = arrays[0].dtype
    for array in arrays[1:]:
        if array.dtype != first:
            names = [TORCH_NAMES.get(d.name, d.name) for d in (first, array.dtype)]
            raise RuntimeError(
                f"expected m1 and m2 to have the same dtype, but got: {names[0]} != {names[1]}"
            )


def size(shape: Sequence[int]) -> str:
    """A shape as PyTorch's messages write it: `2x3`."""
    return "x".join(map(str, shape))


def rank(operation: str, wanted: int, **arrays: Array) -> None:
    """Raises unless every array has `wanted` dimensions."""
    for name, array in arrays.items():
        if array.ndim != wanted:
            fail(operation, f"{name} of shape {tuple(array.shape)}", f"{wanted} dimensions")


def product(mat1: Array, mat2: Array) -> Array:
    """Product of arrays of one dtype and any rank above 0, with PyTorch's messages."""
    _fit(mat1, mat2)
    try:
        return jnp.matmul(mat1, mat2)
    except (TypeError, ValueError):
        fail(
            "matmul",
            f"shapes {tuple(mat1.shape)} and {tuple(mat2.shape)}",
            "batch dimensions that can be broadcast together",
        )


def _fit(mat1: Array, mat2: Array, turned: bool = False) -> None:
    """Raises unless two factors, of which the second may be turned, can be multiplied."""
    same_dtype(mat1, mat2)
    first: tuple[int, ...] = mat1.shape
    second: tuple[int, ...] = mat2.shape[::-1] if turned else mat2.shape
    if not first or not second:
        raise RuntimeError(
            "both arguments to matmul need to be at least 1D, "
            f"but they are {mat1.ndim}D and {mat2.ndim}D"
        )
    if first[-1] != second[-2 if len(second) > 1 else 0]:
        if mat1.ndim == mat2.ndim == 1:
            raise RuntimeError(
                f"inconsistent tensor size, expected tensor [{size(first)}] and "
                f"src [{size(second)}] to have the same number of elements"
            )
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({size(first)} and {size(second)})"
        )


# From so many rows on it pays on CPU to transpose the smaller factor in memory first; with fewer
# if it is the left one, and so many times narrower.
_MANY_ROWS, _NARROWER = 512, 4


def transposed_product(first: Array, second: Array) -> Array:
    """`first.T @ second` of matrices with as many rows: the gradient of a weight.

    XLA on CPU multiplies a transposed left factor at half of its speed: 512 rows, widths 512
    and 128 took 500 us, and 350 with the copy; 64 to 256 rows, widths 32 and 1024: 205 to 526 us,
    and 137 to 425 with it. The kernel in C takes it as it is, in half of that.
    """
    if first.dtype == jnp.float32 and native.available():
        return first.T @ second

    def copied(first: Array, second: Array) -> Array:
        if first.shape[1] <= second.shape[1]:
            return lax.optimization_barrier(first.T) @ second
        flipped = lax.optimization_barrier(second.T) @ first
        return lax.optimization_barrier(lax.optimization_barrier(flipped).T)

    rows, height, width = *first.shape, second.shape[1]
    narrow = height > 1 and height * _NARROWER <= width
    if not narrow and (rows < _MANY_ROWS or max(height, width) > rows):
        return first.T @ second
    return lax.platform_dependent(first, second, cpu=copied, default=lambda a, b: a.T @ b)


@op(namespace=("neurarust", "linalg"), out="same dtype")
def matmul(input: Array, other: Array):
    """Matrix product over the last two dimensions; the others are broadcast.

    Shape: `(n) (n)`, `(m, n) (n)`, `(n) (n, p)` or `(*, m, n) (*, n, p)` to `(*, m, p)`.
    """
    return product(input, other)


@op(out="same dtype")
def mm(input: Array, mat2: Array):
    """Product of two matrices.

    Shape: `(m, n)` and `(n, p)` to `(m, p)`.
    """
    rank("mm", 2, self=input, mat2=mat2)
    return product(input, mat2)


@op(out="same dtype")
def bmm(input: Array, mat2: Array):
    """Products of two equally long batches of matrices.

    Shape: `(b, m, n)` and `(b, n, p)` to `(b, m, p)`.
    """
    rank("bmm", 3, batch1=input, batch2=mat2)
    if input.shape[0] != mat2.shape[0]:
        fail("bmm", f"shapes {tuple(input.shape)} and {tuple(mat2.shape)}", "batches of one size")
    return product(input, mat2)


@op(out="same dtype")
def mv(input: Array, vec: Array):
    """Product of a matrix and a vector.

    Shape: `(m, n)` and `(n)` to `(m)`.
    """
    rank("mv", 2, self=input)
    rank("mv", 1, vec=vec)
    return product(input, vec)


@op()
def dot(input: Array, tensor: Array):
    """Sum of the products of two vectors."""
    rank("dot", 1, self=input, tensor=tensor)
    return product(input, tensor)


@op()
def vdot(input: Array, other: Array):
    """`dot` with the complex conjugate of the first vector."""
    rank("vdot", 1, self=input, other=other)
    return product(jnp.conj(input), other)


@op()
def inner(input: Array, other: Array):
    """Sum of products over the last dimension of both.

    Shape: `(*a, n)` and `(*b, n)` to `(*a, *b)`; with a scalar, the plain product.
    """
    same_dtype(input, other)
    if input.ndim == 0 or other.ndim == 0:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        fail(
            "inner",
            f"shapes {tuple(input.shape)} and {tuple(other.shape)}",
            "last dimensions of one size",
        )
    return jnp.inner(input, other)


@op(promote="same", aliases=("ger",))
def outer(input: Array, vec2: Array):
    """Products of each element of one vector with each of the other.

    Shape: `(n)` and `(m)` to `(n, m)`.
    """
    rank("outer", 1, self=input, vec2=vec2)
    return input[:, None] * vec2


def scaled_sum(input: Array, beta: Scalar, term: Array, alpha: Scalar) -> Array:
    """`beta * input + alpha * term`, where NaN in the input does not count if beta is 0."""
    input = jnp.where(beta == 0, 0, beta * input).astype(term.dtype)
    result = input + (alpha * term).astype(term.dtype)
    if result.shape != term.shape:
        fail(
            "addmm",
            f"an input of shape {tuple(input.shape)}",
            f"one that can be expanded to {tuple(term.shape)}",
        )
    return result


@op(inplace=True, out="same dtype")
def addmm(input: Array, mat1: Array, mat2: Array, *, beta: Scalar = 1, alpha: Scalar = 1):
    """`beta * input + alpha * (mat1 @ mat2)` for matrices."""
    rank("addmm", 2, mat1=mat1, mat2=mat2)
    return scaled_sum(input, beta, product(mat1, mat2), alpha)


@op(inplace=True, out="same dtype")
def addmv(input: Array, mat: Array, vec: Array, *, beta: Scalar = 1, alpha: Scalar = 1):
    """`beta * input + alpha * (mat @ vec)`."""
    rank("addmv", 2, mat=mat)
    return scaled_sum(input, beta, product(mat, vec), alpha)


@op(inplace=True)
def addr(input: Array, vec1: Array, vec2: Array, *, beta: Scalar = 1, alpha: Scalar = 1):
    """`beta * input + alpha * outer(vec1, vec2)`."""
    rank("addr", 1, vec1=vec1, vec2=vec2)
    return scaled_sum(input, beta, vec1[:, None] * vec2, alpha)


@op(inplace=True, out="same dtype")
def baddbmm(input: Array, batch1: Array, batch2: Array, *, beta: Scalar = 1, alpha: Scalar = 1):
    """`beta * input + alpha * (batch1 @ batch2)` for batches of matrices."""
    rank("baddbmm", 3, batch1=batch1, batch2=batch2)
    return scaled_sum(input, beta, product(batch1, batch2), alpha)


@op(inplace=True, out="same dtype")
def addbmm(input: Array, batch1: Array, batch2: Array, *, beta: Scalar = 1, alpha: Scalar = 1):
    """`beta * input + alpha * sum over the batch of (batch1 @ batch2)`."""
    rank("addbmm", 3, batch1=batch1, batch2=batch2)
    same_dtype(batch1, batch2)
    if batch1.shape[0] != batch2.shape[0] or batch1.shape[2] != batch2.shape[1]:
        fail(
            "addbmm",
            f"shapes {tuple(batch1.shape)} and {tuple(batch2.shape)}",
            "(b, m, n) and (b, n, p)",
        )
    kind = jnp.float32 if batch1.dtype in HALF else None
    terms = jnp.einsum("bmn,bnp->mp", batch1, batch2, preferred_element_type=kind)
    return scaled_sum(input, beta, terms, alpha).astype(batch1.dtype)


@op(name="einsum_of", namespace=(), method=False)
def einsum_of(equation: str, operands: Arrays):
    """`einsum` with the equation as a string and the operands as a list."""
    same_dtype(*operands)
    try:
        return jnp.einsum(equation, *operands)
    except (TypeError, ValueError) as error:
        shapes = ", ".join(str(tuple(operand.shape)) for operand in operands)
        fail("einsum", f"equation {equation!r} and shapes {shapes}", "sizes that agree", str(error))


def letters(subscripts) -> str:
    """A list of numbers (and Ellipsis) as einsum letters: 0-25 are A-Z, 26-51 a-z."""
    return "".join(
        "..." if number is Ellipsis else chr(number + (65 if number < 26 else 71))
        for number in subscripts
    )


@function(method=False)
def einsum(*args):
    """Sum of products by Einstein's rule: `einsum("ij,jk->ik", a, b)`.

    Without `->` the result has the letters that occur once, in alphabetical order. Also takes
    lists of numbers: `einsum(a, [0, 1], b, [1, 2], [0, 2])`.
    """
    if isinstance(args[0], str):
        equation, *operands = args
    else:
        pairs = len(args) // 2 * 2
        operands = list(args[:pairs:2])
        equation = ",".join(letters(part) for part in args[1:pairs:2])
        if len(args) > pairs:
            equation += "->" + letters(args[-1])
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = list(operands[0])
    return einsum_of(equation, operands)


@op(method=False, out="same dtype")
def tensordot(a: Array, b: Array, dims: int | tuple = 2):
    """Sum of products over several dimensions.

    Args:
        dims: how many (the last ones of `a` with the first ones of `b`), or two lists.
    """
    same_dtype(a, b)
    if not isinstance(dims, int):
        # A dimension of size 1 stands for the other's, as elsewhere in broadcasting.
        ours, theirs = ([one] if isinstance(one, int) else list(one) for one in dims)
        for one, other in zip(ours, theirs, strict=False):
            if a.shape[one] == 1:
                b = jnp.sum(b, other, keepdims=True)
            elif b.shape[other] == 1:
                a = jnp.sum(a, one, keepdims=True)
    try:
        return jnp.tensordot(a, b, dims)
    except (TypeError, ValueError) as error:
        fail(
            "tensordot",
            f"shapes {tuple(a.shape)} and {tuple(b.shape)}, dims={dims}",
            "contracted dimensions of one size",
            str(error),
        )


@op(promote="same")
def kron(input: Array, other: Array):
    """Kronecker product: each element of `input` times the whole of `other`."""
    if input.dtype == jnp.bool_:
        return jnp.kron(input.astype(jnp.uint8), other.astype(jnp.uint8)).astype(jnp.bool_)
    return jnp.kron(input, other)


def _linear_gradient(cotangent: Array, input: Array, weight: Array, bias: Array | None = None):
    count, (made, width) = math.prod(input.shape[:-1]), weight.shape
    rows = cotangent.reshape(count, made)
    by_weight = transposed_product(rows, input.reshape(count, width))
    gradients = (cotangent @ weight, by_weight)
    return gradients if bias is None else (*gradients, total(rows, (0,)))


@op(namespace=("nn.functional",), method=False, gradient=_linear_gradient, out="same dtype")
def linear(input: Array, weight: Array, bias: Array | None = None):
    """`input @ weight.T + bias`.

    Shape: `(*, in)`, `(out, in)` and `(out)` to `(*, out)`.
    """
    _fit(input, weight, turned=True)
    # XLA would write down the transpose of a weight that meets few rows.
    summed = (input.ndim - 1,), (weight.ndim - 1,)
    result = lax.dot_general(input, weight, (summed, ((), ())))
    if bias is None:
        return result
    same_dtype(result, bias)
    return result + bias


@op(namespace=("neurarust", "nn.functional"), method=False)
def bilinear(input1: Array, input2: Array, weight: Array, bias: Array | None = None):
    """`input1 @ weight[k] @ input2 + bias[k]` for each output k.

    Shape: `(*, in1)`, `(*, in2)`, `(out, in1, in2)` and `(out)` to `(*, out)`.
    """
    same_dtype(input1, input2, weight)
    if (input1.shape[-1], input2.shape[-1]) != weight.shape[1:]:
        fail(
            "bilinear",
            f"inputs of {input1.shape[-1]} and {input2.shape[-1]} features",
            f"{weight.shape[1]} and {weight.shape[2]}, as the weight has",
        )
    result = jnp.einsum("...i,kij,...j->...k", input1, weight, input2)
    return result if bias is None else result + bias


@op(method=False)
def cdist(
    x1: Array,
    x2: Array,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
):
    """p-norm distance between each row of `x1` and each of `x2`; its gradient at 0 is 0.

    Args:
        compute_mode: whether p = 2 goes by a matrix product: by default above 25 rows.
    Shape: `(*, n, d)` and `(*, m, d)` to `(*, n, m)`.
    """
    same_dtype(x1, x2)
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        fail("cdist", f"shapes {tuple(x1.shape)} and {tuple(x2.shape)}", "(*, n, d) and (*, m, d)")
    if p < 0:
        fail("cdist", f"p={p}", "a p of at least 0")
    many = max(x1.shape[-2], x2.shape[-2]) > 25
    by_product = many and compute_mode != "donot_use_mm_for_euclid_dist"
    if p == 2 and (by_product or compute_mode == "use_mm_for_euclid_dist"):
        squares = jnp.sum(x1 * x1, -1)[..., None] + jnp.sum(x2 * x2, -1)[..., None, :]
        square = squares - 2 * jnp.matmul(x1, jnp.swapaxes(x2, -1, -2))
        return safe_root(jnp.where(square < 0, 0, square))  # NaN stays
    difference = x1[..., :, None, :] - x2[..., None, :, :]
    return p_norm(difference, p, (difference.ndim - 1,))


@op(name="multi_dot_of", namespace=(), method=False)
def multi_dot_of(tensors: Arrays):
    """Product of a chain of matrices, in the cheapest order."""
    same_dtype(*tensors)
    for first, second in zip(tensors, tensors[1:], strict=False):
        if first.shape[-1] != second.shape[0]:
            got = f"sizes {size(first.shape)} and {size(second.shape)}"
            fail("multi_dot", got, "sizes that fit")
    return tensors[0] if len(tensors) == 1 else jnp.linalg.multi_dot(tensors)


@function(method=False, out=True)
def chain_matmul(*matrices):
    """Product of a chain of matrices, in the cheapest order."""
    return multi_dot_of(list(matrices))


@function(method=False, namespace=("linalg",), out="same dtype")
def multi_dot(tensors):
    """Product of a chain of matrices, in the cheapest order; the ends may be vectors."""
    return multi_dot_of(list(tensors))
