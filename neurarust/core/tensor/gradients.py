"""What a Tensor knows of gradients: flags, backward, hooks, copies and pickles."""

from __future__ import annotations

import copy
import functools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import device as devices
from .. import dtype as dtypes
from ..autograd import walk
from ..autograd.tape import Edge, Leaf, Tracked, ones
from ..changes import Changes
from ..engine.recording import state
from .storage import Storage
from .tensor import Body, Tensor, alias, extends, fill, from_host, new_object, wrap


@extends(Tensor)
class _Gradients(Body):
    __slots__ = ()

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are recorded for this tensor."""
        return self._current_edge() is not None

    @requires_grad.setter
    def requires_grad(self, mode: bool) -> None:
        edge = self._current_edge()
        if not mode:
            if edge is not None and type(edge[0]) is not Leaf:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to "
                    "use a computed variable in a subgraph that doesn't require differentiation "
                    "use var_no_grad = var.detach()."
                )
            self._edge = None
        elif edge is None:
            if self.dtype.category < dtypes.FLOATING:
                raise RuntimeError(
                    f"only Tensors of floating point and complex dtype can require gradients, "
                    f"but got {self.dtype}"
                )
            self._edge = (leaf_of(self), 0)
            # A view that becomes a leaf is no longer made from its base.
            self._base = None

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Sets `requires_grad` in place."""
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded call made this tensor."""
        edge = self._current_edge()
        return edge is None or type(edge[0]) is Leaf

    @property
    def grad_fn(self) -> Any:
        """The tape entry that made this tensor; None for leaves."""
        edge = self._current_edge()
        return None if edge is None or type(edge[0]) is Leaf else _shown(edge[0])

    @property
    def output_nr(self) -> int:
        """Which output of `grad_fn` this tensor is."""
        edge = self._current_edge()
        return 0 if edge is None else edge[1]

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient; None until a backward reaches this tensor."""
        return self._grad

    @grad.setter
    def grad(self, gradient: Tensor | None) -> None:
        if gradient is not None:
            if not isinstance(gradient, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None "
                    f"but got {type(gradient).__name__}"
                )
            if gradient.shape != self.shape or gradient.dtype is not self.dtype:
                raise RuntimeError(
                    f"assigned grad must be {self.dtype}{list(self.shape)} like its tensor, "
                    f"but got {gradient.dtype}{list(gradient.shape)}"
                )
        self._grad = gradient

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Adds this tensor's gradients to the `.grad` of the leaves it was computed from.

        Args:
            gradient: the gradient of this tensor, of its shape; may be left out for one element.
            retain_graph: keep what was saved, to go through it again (default: create_graph).
            create_graph: record the backward itself, for higher derivatives.
            inputs: only these tensors get gradients.
        Raises:
            RuntimeError: for a tensor of several elements without `gradient`, or one that does
                not require grad.
        """
        retain = create_graph if retain_graph is None else retain_graph
        fill_gradients([root_of(self, gradient)], retain, create_graph, inputs)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Calls `hook(gradient)` when this tensor's gradient is complete.

        A Tensor that the hook returns takes the gradient's place.
        """
        edge = self._current_edge()
        if edge is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")

        def run(tracked: Tracked) -> Tracked:
            result = hook(wrap(*tracked))
            if result is None:
                return tracked
            if not isinstance(result, Tensor):
                raise TypeError(
                    f"register_hook: a hook must return None or a Tensor, "
                    f"not {type(result).__name__}"
                )
            return result._value(), result._current_edge()

        return hang(edge, run)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Calls `hook(self)` each time after `.grad` of this leaf was updated."""
        edge = self._current_edge()
        if edge is None or type(edge[0]) is not Leaf:
            raise RuntimeError(
                "post accumulate grad hooks cannot be registered on non-leaf tensors"
            )
        edge[0].post_hooks.append(hook)
        Changes.count += 1
        return RemovableHandle(edge[0].post_hooks, hook)

    def retain_grad(self) -> None:
        """Keeps `.grad` of a tensor that is not a leaf too."""
        edge = self._current_edge()
        if edge is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if type(edge[0]) is Leaf or self.retains_grad:
            return
        self._retains = edge
        target = weakref.ref(self)

        def keep(tracked: Tracked) -> Tracked:
            tensor = target()
            if tensor is not None:
                gradient = wrap(*tracked)
                tensor._grad = gradient if tensor._grad is None else tensor._grad + gradient
            return tracked

        hang(edge, keep, last=True)

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on this tensor, and it is no leaf."""
        return getattr(self, "_retains", None) is not None

    def is_inference(self) -> bool:
        """False: see `nr.inference_mode`."""
        return False


@extends(Tensor)
class _Copying(Body):
    __slots__ = ()

    def __deepcopy__(self, memo: dict) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment. Use .detach().clone() for others"
            )
        if id(self) in memo:
            return memo[id(self)]
        # Tensors that share memory do so in the copy.
        storage = memo.get(id(self._storage))
        if storage is None:
            storage = memo[id(self._storage)] = Storage(self._storage.value)
        copied = alias(new_object(type(self)), self)
        copied._storage = storage
        copied._seen = storage.version
        if self.requires_grad:
            copied.requires_grad = True
        memo[id(self)] = copied
        if self._grad is not None:
            copied._grad = self._grad.__deepcopy__(memo)
        copied.__dict__.update(
            {name: copy.deepcopy(one, memo) for name, one in self.__dict__.items()}
        )
        return copied

    def __copy__(self) -> Tensor:
        """Another tensor of the same memory."""
        copied = alias(new_object(type(self)), self)
        if self.requires_grad:
            copied.requires_grad = True
        copied.__dict__.update(self.__dict__)
        return copied

    def __reduce_ex__(self, protocol: Any) -> tuple:
        """A pickle is of the values: what it gives back is a leaf."""
        return _rebuild, (type(self), np.array(self._host()), self.dtype, str(self.device),
                          self.requires_grad, self.__dict__)  # fmt: skip


def _rebuild(
    kind: type, array: np.ndarray, dtype: dtypes.dtype, device: str, requires_grad: bool,
    attributes: dict,
) -> Tensor:  # fmt: skip
    """Unpickles a tensor."""
    value = from_host(array.astype(dtype.dtype), devices.of(device))
    tensor = new_object(kind)
    fill(tensor, value, None)
    tensor.requires_grad = requires_grad
    tensor.__dict__.update(attributes)
    return tensor


def leaf_of(tensor: Tensor) -> Leaf:
    """A new end of the tape for a tensor; it holds the tensor weakly."""
    target = weakref.ref(tensor)
    leaf = Leaf(tensor._aval(), lambda tracked, create_graph: None)

    def accumulate(tracked: Tracked, create_graph: bool) -> None:
        one = target()
        if one is None:
            return
        gradient = wrap(*tracked)
        if state.capture is not None:
            state.capture.gave(one)
        before = one._grad
        if before is None:
            one._grad = gradient
        elif create_graph:
            one._grad = before + gradient
        else:
            before.add_(gradient)
        for hook in tuple(leaf.post_hooks):
            hook(one)

    leaf.accumulate = accumulate
    return leaf


def fill_gradients(
    roots: Sequence[tuple[Edge, Tracked]], retain_graph: bool, create_graph: bool, inputs: Any
) -> None:
    """A backward from some roots into the `.grad` of all leaves, or of `inputs` alone."""
    if inputs is None:
        walk.backward(roots, retain_graph=retain_graph, create_graph=create_graph)
        return
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    if not inputs:
        raise RuntimeError("'inputs' argument to backward cannot be empty.")
    targets = [one._current_edge() for one in inputs]
    found = walk.backward(
        roots, retain_graph=retain_graph, create_graph=create_graph, targets=targets
    )
    for one, edge, tracked in zip(inputs, targets, found, strict=True):
        # (Leaves have theirs.)
        if edge is not None and type(edge[0]) is not Leaf and tracked is not None:
            gradient = wrap(*tracked)
            one._grad = gradient if one._grad is None else one._grad + gradient


def root_of(tensor: Tensor, gradient: Tensor | None) -> tuple[Edge, Tracked]:
    """Where a backward starts: the edge of a tensor and its gradient, checked."""
    edge = tensor._current_edge()
    if edge is None:
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
    aval = tensor._aval()
    if gradient is None:
        if aval.size != 1:
            raise RuntimeError(
                f"grad can be implicitly created only for scalar outputs, but got shape "
                f"{list(aval.shape)}. Reduce it (.sum(), .mean()) or give gradient="
            )
        if aval.dtype.is_complex:
            raise RuntimeError("grad can be implicitly created only for real scalar outputs")
        return edge, (ones(aval), None)
    if not isinstance(gradient, Tensor):
        raise TypeError(
            f"gradients can be either Tensors or None, but got {type(gradient).__name__}"
        )
    if gradient.shape != tensor.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[0] has a shape of {gradient.shape} and output[0] "
            f"has a shape of {tensor.shape}."
        )
    if gradient.dtype is not aval.dtype:
        gradient = gradient.to(aval.dtype)
    return edge, (gradient._value(), gradient._current_edge())


def hang(edge: Any, hook: Callable[[Tracked], Tracked], last: bool = False) -> RemovableHandle:
    """Hangs a function of the complete gradient on an edge.

    Args:
        last: it is called after those that come later, too.
    """
    node, k = edge
    if node.hooks is None:
        node.hooks = {}
    hooks = node.hooks.setdefault(k, _Hooks())
    hooks.insert(len(hooks) - hooks.last, hook)
    hooks.last += last
    Changes.count += 1
    return RemovableHandle(hooks, hook)


class _Hooks(list):
    """Functions of one gradient, and how many of them have to be the last ones."""

    last = 0


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook away again."""

    def __init__(self, hooks: Any, hook: Any):
        self.hooks, self.hook = hooks, hook

    def remove(self) -> None:
        """Takes the hook away; a second call does nothing."""
        Changes.count += 1
        if isinstance(self.hooks, dict):
            self.hooks.pop(self.hook, None)
        elif self.hook in self.hooks:
            self.hooks.remove(self.hook)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class GradFn:
    """What `tensor.grad_fn` shows of a tape entry."""

    __slots__ = ("node",)

    def __init__(self, node: Any):
        self.node = node

    def name(self) -> str:
        """The op's name in PyTorch's style, such as `AddBackward0`."""
        return self.node.name()

    @property
    def next_functions(self) -> tuple:
        """The tape entries of the inputs, each with the output it used."""
        return tuple(
            (None, 0) if edge is None else (_shown(edge[0]), edge[1]) for edge in self.node.parents
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GradFn) and other.node is self.node

    def __hash__(self) -> int:
        return id(self.node)

    def __repr__(self) -> str:
        return f"<{self.name()}>"


@functools.cache
def _kind_of(name: str) -> type[GradFn]:
    return type(name, (GradFn,), {"__slots__": (), "__doc__": f"`grad_fn` of {name}."})


def _shown(node: Any) -> GradFn:
    """A tape entry, whose type has its name as in PyTorch."""
    return _kind_of(node.name())(node)
