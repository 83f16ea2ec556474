"""`vmap`: a function of examples becomes one of batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ..capture.trees import flatten, is_tensor, keys_of
from ..engine.signature import Signature
from ..engine.value import Aval, aval_of
from ..tensor.tensor import Tensor
from .calls import Call, Passed, derived, name_of, passed, transformed, wraps

RANDOMNESS = ("error", "different", "same")


def vmap(
    func: Callable, in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", *,
    chunk_size: int | None = None,
) -> Callable:  # fmt: skip
    """The function that applies `func` to every example of a batch, in one computation.

        per_example = nr.vmap(nr.grad(loss), in_dims=(None, 0, 0))(parameters, x, y)

    Tensors from outside, keyword arguments, and arguments with dim None are shared by all
    examples. Arguments that `func` writes in place are written (buffers of `functional_call`).

    Args:
        in_dims: the dimension of each argument that counts the examples: an int or None for
            all, or a tuple with an entry (or tree of entries) for each argument.
        out_dims: where the results get it: an int, or a tuple or tree of them; None for a
            result that is the same for all examples.
        randomness: "error" refuses random numbers, "different" draws for each example, "same"
            gives all examples the same ones.
        chunk_size: how many examples are computed at a time; fewer take less memory.
    Raises:
        CaptureError: `func` looks at a value, which differs from example to example; the
            message names the line. Use nr.where or nr.cond there.
    """
    vary = randomness_of("vmap", randomness, name_of(func))
    counted = randomness == "different"
    if chunk_size is not None and (isinstance(chunk_size, bool) or chunk_size <= 0):
        raise ValueError(f"vmap: chunk_size should be None or greater than 0, got {chunk_size}")

    @wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        given = passed(args, kwargs)
        what = f"vmap({name_of(func)}, in_dims={in_dims}, ...)(<inputs>)"
        dims, size = _mapped_dims(what, in_dims, given)
        return _vmapped(func, given, dims, size, out_dims, vary, counted, chunk_size)

    return mapped


def randomness_of(what: str, randomness: str, name: str | None) -> Any:
    """What becomes of the keys of random numbers in a mode; checks it."""
    if randomness in ("same", "different"):
        return None
    if randomness not in RANDOMNESS:
        raise RuntimeError(
            f"{what}: Only allowed values for randomness are 'error', 'different', or 'same', "
            f"but got {randomness!r}"
        )

    def refuse(_: Tensor) -> Tensor:
        raise RuntimeError(
            f"{what}: called random operation while in randomness error mode. Please either use "
            f"randomness='same' or 'different', or draw the numbers outside of {name or 'it'}"
        )

    return refuse


def _vmapped(
    func: Callable, given: Passed, dims: list[int | None], size: int, out_dims: Any,
    vary: Callable | None, counted: bool, chunk_size: int | None,
) -> Any:  # fmt: skip
    avals = [_example(one._aval(), dim) for one, dim in zip(given.tensors, dims, strict=True)]
    call = Call("vmap", func, given, avals=avals, vary=vary, counted=counted)
    call.check_tensors()
    ends = tuple([*_result_dims(call, out_dims), *[dims[k] for k in call.written]])
    ins = tuple([*dims, *[None] * len(call.values)])
    chunk = None if chunk_size is None or chunk_size >= size else chunk_size
    batches = [one._aval() for one in given.tensors]
    made = transformed(
        ("vmap", call.signature, counted, ins, ends, size, chunk),
        lambda: _batched(call, batches, ins, ends, size, chunk),
    )
    return call.finish(call.record(made))


def _batched(
    call: Call, avals: list[Aval], ins: tuple, ends: tuple, size: int, chunk: int | None
) -> Signature:
    """The signature over batches."""
    signature, counted = call.signature, call.counted
    inputs = (*avals, *signature.inputs[counted + len(avals) :])
    mapping = (*[0] * counted, *ins, *[None] * len(signature.numbers))
    body = signature.function

    def function(*flat: Any) -> tuple:
        if counted:
            flat = (jnp.arange(size), *flat)
        if chunk is None:
            return jax.vmap(body, mapping, ends, axis_size=size)(*flat)
        return _in_chunks(body, flat, mapping, ends, chunk)

    reaches = signature.reaches
    if reaches is not None:
        # (The number of the example is no input here.)
        reaches = tuple([one._replace(inputs=one.inputs >> counted) for one in reaches])
    try:
        return derived(
            f"vmap({call.name})", function, signature, signature.inexact, inputs=inputs,
            residuals=True, reaches=reaches,
        )  # fmt: skip
    except ValueError as error:
        if "out_axes" not in str(error):
            raise
    for k in range(len(ends)):
        if ends[k] is None:
            _check_unmapped(call, mapping, inputs, size, k)
    raise AssertionError("vmap: no output was found at fault")


def _in_chunks(body: Callable, flat: tuple, mapping: tuple, ends: tuple, chunk: int) -> tuple:
    """A loop over chunks of examples, each computed at once."""
    moving = [
        jnp.moveaxis(one, dim, 0) for one, dim in zip(flat, mapping, strict=True) if dim is not None
    ]

    def one_example(examples: list) -> tuple:
        waiting = iter(examples)
        return body(*[
            one if dim is None else next(waiting) for one, dim in zip(flat, mapping, strict=True)
        ])  # fmt: skip

    outputs = jax.lax.map(one_example, moving, batch_size=chunk)
    return tuple([
        one[0] if end is None else jnp.moveaxis(one, 0, end)
        for one, end in zip(outputs, ends, strict=True)
    ])  # fmt: skip


def _check_unmapped(
    call: Call, mapping: tuple, inputs: Sequence[Aval], size: int, output: int
) -> None:
    """Raises if an output without a dimension for the examples differs between them."""
    structs = [one.struct() for one in inputs]
    structs += call.signature.structs()[len(call.signature.inputs) :]
    if call.counted:
        structs.insert(0, jax.ShapeDtypeStruct((size,), jnp.int64))

    def only(*flat: Any) -> Any:
        return call.signature.function(*flat)[output]

    try:
        with jax.enable_x64(True):
            jax.eval_shape(jax.vmap(only, mapping, None), *structs)
    except ValueError:
        if output < call.results:
            raise ValueError(
                f"vmap({call.name}, ...): `{call.name}` can not return a batched Tensor when "
                f"out_dim is None. Give output {output} a dimension in out_dims"
            ) from None
        raise RuntimeError(
            f"vmap: inplace arithmetic(self, *extra_args) is not possible: {call.name} writes "
            f"values of each example to its argument {call.written[output - call.results]}, which "
            f"all examples share. Give it a dimension in in_dims, or use an out-of-place operation"
        ) from None


# ------------------------------------------------------------------ dimensions


def _mapped_dims(what: str, in_dims: Any, given: Passed) -> tuple[list[int | None], int]:
    """For each Tensor of the call the dimension that counts examples, and how many there are."""
    if not isinstance(in_dims, (int, tuple, list)) or isinstance(in_dims, bool):
        raise ValueError(
            f"{what}: expected `in_dims` to be int or a (potentially nested) tuple matching the "
            f"structure of inputs, got: {type(in_dims)}."
        )
    if not given.args:
        raise ValueError(
            f"{what}: got no inputs. Maybe you forgot to add inputs, or you are trying to vmap "
            f"over a function with no inputs. The latter is unsupported."
        )
    entry = in_dims if isinstance(in_dims, int) else tuple(in_dims)
    spread = _spread(entry, given.args)
    if spread is None:
        raise ValueError(
            f"{what}: in_dims is not compatible with the structure of `inputs`. in_dims has "
            f"structure {flatten(entry)[1]} but inputs has structure {flatten(given.args)[1]}. "
            f"Give an entry for each of the {len(given.args)} positional arguments"
        )
    dims: list[int | None] = []
    sizes: list[int] = []
    for one, dim in spread:
        if not is_tensor(one):
            if dim is not None:
                raise ValueError(
                    f"{what}: Got in_dim={dim} for an input but the input is of type {type(one)}. "
                    f"We cannot vmap over non-Tensor arguments, please use None as the respective "
                    f"in_dim"
                )
            continue
        dims.append(None if dim is None else _dim(what, dim, one))
        if dim is not None:
            sizes.append(one.shape[dim])
    dims += [None] * (len(given.tensors) - len(dims))
    if not sizes:
        raise ValueError(f"{what}: all in_dims are None, so there is nothing to map over")
    if len(set(sizes)) != 1:
        raise ValueError(
            f"{what}: Expected all tensors to have the same size in the mapped dimension, got "
            f"sizes {sizes} for the mapped dimension"
        )
    return dims, sizes[0]


def _dim(what: str, dim: Any, one: Tensor) -> int:
    if not isinstance(dim, int) or isinstance(dim, bool):
        raise ValueError(f"{what}: Got in_dim={dim!r} for an input, expected an int or None")
    if not -one.ndim <= dim < one.ndim:
        raise ValueError(
            f"{what}: Got in_dim={dim} for some input, but that input is a Tensor of "
            f"dimensionality {one.ndim} so expected in_dim to satisfy "
            f"-{one.ndim} <= in_dim < {one.ndim}."
        )
    return dim % one.ndim


def _spread(entry: Any, tree: Any) -> list[tuple[Any, Any]] | None:
    """(leaf, its entry) for a tree of which `entry` is a prefix; None if it is not one."""
    if entry is None or isinstance(entry, int):
        return [(leaf, entry) for leaf in flatten(tree)[0]]
    children = _children(tree)
    entries = _children(entry)
    if children is None or entries is None or [k for k, _ in children] != [k for k, _ in entries]:
        return None
    found: list[tuple[Any, Any]] = []
    for (_, part), (_, one) in zip(children, entries, strict=True):
        spread = _spread(one, part)
        if spread is None:
            return None
        found += spread
    return found


def _children(tree: Any) -> list[tuple[Any, Any]] | None:
    """The parts of one node of a tree, in the order of its leaves; None for a leaf."""
    if isinstance(tree, dict):
        return [(key, tree[key]) for key in keys_of(tree)]
    if isinstance(tree, (tuple, list)):
        return list(enumerate(tree))
    return None


def _result_dims(call: Call, out_dims: Any) -> list[int | None]:
    """For each result the dimension that is to count examples."""
    tree = call.tree()
    spread = _spread(out_dims, tree)
    alone = not isinstance(tree, (tuple, list, dict))
    if alone and isinstance(out_dims, (tuple, list)) and len(out_dims) == 1:
        spread = _spread(out_dims[0], tree)
    if spread is None:
        raise ValueError(
            f"vmap({call.name}, ..., out_dims={out_dims}): out_dims is not compatible with the "
            f"structure of outputs. out_dims has structure {flatten(out_dims)[1]} but outputs has "
            f"structure {flatten(tree)[1]}."
        )
    dims: list[int | None] = []
    for output, dim in spread:
        rank = len(call.signature.outputs[output].shape) + 1
        if dim is not None and (not isinstance(dim, int) or not -rank <= dim < rank):
            raise IndexError(
                f"vmap({call.name}, ..., out_dims={out_dims}): Dimension out of range (expected to "
                f"be in range of [{-rank}, {rank - 1}], but got {dim})"
            )
        dims.append(None if dim is None else dim % rank)
    return dims


def _example(aval: Aval, dim: int | None) -> Aval:
    if dim is None:
        return aval
    return aval_of(aval.shape[:dim] + aval.shape[dim + 1 :], aval.dtype, aval.device)
