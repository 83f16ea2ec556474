"""The decorators: one decorated function is the whole definition of an operation.

    @op(promote="same", inplace=True)
    def add(input: Array, other: Operand, *, alpha: Scalar = 1):
        return input + alpha * other

yields `nr.add`, `Tensor.add`, `Tensor.add_`, `nr.add(..., out=)`, the shape rule, the gradient
and the docs. `function` registers a composition of such operations in the same tables, and
`view` an operation that looks at the memory of its input.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import jax

from .errors import fail
from .op import NUMERIC, OPS, Op
from .tensor.dispatch import call, call_inplace, check_writable, set_out, take_view, write
from .tensor.storage import View
from .tensor.tensor import Tensor

# Method name -> function whose first argument is the Tensor; bound in `methods`.
METHODS: dict[str, Callable] = {}
# Namespace ("neurarust", "nn.functional", "linalg", ...) -> public name -> function.
NAMESPACES: dict[str, dict[str, Callable]] = {}
# Other spellings of keywords, NumPy's, that PyTorch takes too.
KEYWORDS = {"axis": "dim", "keepdims": "keepdim", "x": "input", "self": "input"}


def op(
    *,
    name: str | None = None,
    promote: str | None = None,
    promoted: tuple[str, ...] | None = None,
    method: bool | None = None,
    inplace: bool = False,
    out: bool | str = True,
    aliases: tuple[str, ...] = (),
    namespace: str | tuple[str, ...] = ("neurarust",),
    residuals: bool = False,
    differentiable: bool = True,
    check: Callable[..., None] | None = None,
    gradient: Callable[..., tuple] | None = None,
    refuses: str = "",
) -> Callable[[Callable], Callable]:
    """Turns a pure function over jax arrays into an operation on Tensors.

    Args:
        name: the operation's name, if not the function's.
        promote: "same": array arguments get PyTorch's result type; "float": and integers
            become the default floating type; None: types stay.
        promoted: which parameters take part (default: all arrays and operands).
        method: bind as a Tensor method (default: if the first parameter is `input`).
        inplace: bind `name_`, which writes the result into the tensor; a function of
            `neurarust` too, if the operation is one.
        out: accept `out=`, and what must hold for it: "same dtype", that of the result (into
            others it is cast), and "apart", that it is none of the arguments.
        aliases: other public names of the same function.
        namespace: where the function is public.
        residuals: the forward also returns what its backward needs, for operations that
            are costly to repeat.
        differentiable: False for results that never carry gradients.
        check: called with the arguments first, to raise for Tensors that are known already.
        gradient: function (gradient of the result, *arguments) -> the gradients of all arrays
            among the arguments, in order; for operations of real arrays where that of `jax.vjp`
            is slow. Of several results it gets a tuple. Forward mode and transforms
            differentiate the operation itself.
        refuses: kinds of elements that the operation is not for: "bool", "complex", "integer".
    """

    def decorate(function: Callable) -> Callable:
        function = _refusing(name or function.__name__, function, refuses) if refuses else function
        record = Op(
            name or function.__name__, function, promote=promote, promoted=promoted,
            residuals=residuals, differentiable=differentiable, gradient=gradient,
        )  # fmt: skip
        if record.name in OPS:
            raise ValueError(f"op {record.name} is defined twice")
        OPS[record.name] = record
        public = _public(record, out, check)
        functools.update_wrapper(public, function)
        public.op = record
        first = next(iter(record.parameters), None)
        as_method = first == "input" if method is None else method
        _register(public, record.name, as_method, aliases, namespace)
        if inplace:
            _register_inplace(record, aliases, namespace, check)
        return public

    return decorate


def _refusing(name: str, function: Callable, refuses: str) -> Callable:
    """The function, raising for arrays of refused kinds when it is traced."""

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        for one in (*args, *kwargs.values()):
            if isinstance(one, jax.Array) and _KINDS[one.dtype.kind] in refuses.split():
                fail(name, f"{one.dtype} elements", f"no {refuses.replace(' ', ' or ')} ones")
        return function(*args, **kwargs)

    return checked


# NumPy's kinds of elements; those it does not know are half types.
_KINDS = defaultdict(str, {"b": "bool", "c": "complex", "i": "integer", "u": "integer"})


def _public(record: Op, out: bool | str, check: Callable | None = None) -> Callable:
    """The function over Tensors that calls an op."""
    first = record.parameters[0] if record.parameters else None
    # An operation of numbers alone has no device and no dtype; PyTorch refuses it too.
    numbers = first is not None and record.kinds[first] in NUMERIC

    def public(*args: Any, **kwargs: Any) -> Any:
        target = None
        if numbers and not any(
            isinstance(one, Tensor) or hasattr(one, "_operation")
            for one in (*args, *kwargs.values())
        ):
            raise TypeError(f"{record.name}(): expected at least one Tensor, but got {args}")
        if kwargs and out:
            target = kwargs.pop("out", None)
        if check is not None:
            check(*args, **kwargs)
        if not kwargs and target is None:
            return call(record, args)
        kwargs = _spelled(record, kwargs)
        if first in kwargs and not args:
            args = (kwargs.pop(first),)
        result = call(record, args, kwargs)
        return result if target is None else _fill_out(record.name, out, target, result, args)

    return public


def _fill_out(name: str, rules: bool | str, target: Any, result: Any, args: Any = ()) -> Any:
    single = isinstance(target, Tensor)
    targets, parts = ((target,), (result,)) if single else (target, result)
    rules = rules if isinstance(rules, str) else ""
    if "apart" in rules:
        given = [
            one for some in args for one in (some if isinstance(some, (list, tuple)) else (some,))
        ]
        if any(one is into for one in given for into in targets):
            fail(
                name, "out= that is an argument, too", "memory of its own for the result",
                "Give a clone() of the argument",
            )  # fmt: skip
    for into, part in zip(targets, parts, strict=True):
        if "same dtype" in rules and isinstance(into, Tensor) and into.dtype is not part.dtype:
            fail(name, f"out= of {into.dtype}", f"out= of the result's dtype {part.dtype}")
    filled = [set_out(name, into, part) for into, part in zip(targets, parts, strict=True)]
    return filled[0] if single else getattr(type(result), "_make", type(result))(filled)


def _spelled(record: Op, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Keywords in PyTorch's spelling."""
    if any(one in KEYWORDS and one not in record.kinds for one in kwargs):
        return {
            KEYWORDS.get(one, one) if one not in record.kinds else one: argument
            for one, argument in kwargs.items()
        }
    return kwargs


def _register_inplace(
    record: Op, aliases: tuple[str, ...], namespace: str | tuple[str, ...],
    check: Callable | None = None,
) -> None:  # fmt: skip
    def inplace(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if check is not None:
            check(input, *args, **kwargs)
        return call_inplace(record, input, args, _spelled(record, kwargs))

    inplace.__name__ = inplace.__qualname__ = f"{record.name}_"
    inplace.__doc__ = f"In-place form of `{record.name}`."
    inplace.op = record
    for one in (record.name, *aliases):
        METHODS[f"{one}_"] = inplace
        if "neurarust" in namespace:
            NAMESPACES["neurarust"][f"{one}_"] = inplace


def _register(
    public: Callable, name: str, method: bool, aliases: tuple[str, ...],
    namespace: str | tuple[str, ...],
) -> None:  # fmt: skip
    spaces = (namespace,) if isinstance(namespace, str) else namespace
    for one in (name, *aliases):
        for space in spaces:
            NAMESPACES.setdefault(space, {})[one] = public
        if method:
            METHODS[one] = public


def function(
    *,
    name: str | None = None,
    method: bool | None = None,
    inplace: bool = False,
    out: bool | str = False,
    aliases: tuple[str, ...] = (),
    namespace: str | tuple[str, ...] = ("neurarust",),
) -> Callable[[Callable], Callable]:
    """Registers a function over Tensors, a composition of operations; options as in `op`."""

    def decorate(composed: Callable) -> Callable:
        public = composed
        rules = out
        if out:

            @functools.wraps(composed)
            def filling(*args: Any, out: Any = None, **kwargs: Any) -> Any:
                result = composed(*args, **kwargs)
                if out is None:
                    return result
                return _fill_out(composed.__name__, rules, out, result, args)

            public = filling
        code = composed.__code__
        first = code.co_varnames[0] if code.co_argcount else None
        as_method = first == "input" if method is None else method
        known_as = name or composed.__name__
        _register(public, known_as, as_method, aliases, namespace)
        if inplace:

            def written(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
                check_writable(f"{known_as}_", input)
                result = composed(input, *args, **kwargs)
                set_inplace(f"{known_as}_", input, result)
                return input

            written.__name__ = written.__qualname__ = f"{known_as}_"
            written.__doc__ = f"In-place form of `{known_as}`."
            for one in (known_as, *aliases):
                METHODS[f"{one}_"] = written
        return public

    return decorate


def set_inplace(name: str, tensor: Tensor, result: Tensor) -> None:
    """Writes the result of a composition into the tensor it was called on."""
    if result.dtype is not tensor.dtype or result.shape != tensor.shape:
        result = call(OPS["_as_written"], (result, tensor), {"name": name})
    write(tensor, result)


def view(
    *,
    layout: Callable[..., Any],
    write: Callable | None = None,
    name: str | None = None,
    method: bool = False,
    namespace: str | tuple[str, ...] = (),
    overlaps: bool = False,
    recodes: bool = False,
) -> Callable[[Callable], Callable]:
    """Turns a function that takes a part of an array into a view of a Tensor's memory.

    Args:
        layout: the same view of a NumPy array; gives strides and offset.
        write: function (array, part, *arguments) -> the array with that part replaced;
            None for views that cannot be written.
        overlaps: whether several of the part's elements may be one in memory.
        recodes: whether the part's elements are other numbers than those in memory.
    """

    def decorate(part: Callable) -> Callable:
        known_as = name or part.__name__
        reader = OPS[known_as] = Op(known_as, part)
        writer = None
        if write is not None:
            writer = OPS[f"{known_as}.write"] = Op(f"{known_as}.write", write)
        the_view = View(reader, writer, layout, overlaps, recodes)

        def public(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            return take_view(the_view, input, *args, **kwargs)

        functools.update_wrapper(public, part)
        public.op = reader
        public.view = the_view
        _register(public, known_as, method, (), namespace)
        return public

    return decorate
