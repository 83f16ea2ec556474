"""State dicts: taking a module's tensors out, and putting them back."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Mapping
from typing import Any

from ..core import host
from ..core.tensor.tensor import Tensor
from . import hooks
from .parameter import Parameter

EXTRA = "_extra_state"


class IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What `load_state_dict` returns: the keys that found no counterpart."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_{super().__repr__()}"


def save(module: Any, destination: dict, prefix: str, keep_vars: bool) -> None:
    """Puts the tensors of a module itself, without its submodules', into `destination`."""
    temporary = module._non_persistent_buffers_set
    own = [*module._parameters.items()]
    own += [(name, one) for name, one in module._buffers.items() if name not in temporary]
    for name, tensor in own:
        if tensor is not None:
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
    if hasattr(module, "get_extra_state"):
        destination[prefix + EXTRA] = module.get_extra_state()


def save_all(module: Any, destination: dict | None, prefix: str, keep_vars: bool) -> dict:
    """The state dict of a module and all below it."""
    destination = OrderedDict() if destination is None else destination
    metadata = {"version": module._version}
    if not prefix and isinstance(destination, OrderedDict):
        # PyTorch keeps it on the OrderedDict, as an attribute.
        destination._metadata = OrderedDict()  # type: ignore[attr-defined]
    if hasattr(destination, "_metadata"):
        # `hasattr` has just found it.
        destination._metadata[prefix[:-1]] = metadata  # type: ignore[attr-defined]
    for hook in hooks.of(module._state_hooks, hooks.STATE_PRE):
        hook(module, prefix, keep_vars)
    module._save_to_state_dict(destination, prefix, keep_vars)
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(
                destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
            )
    for hook, may_replace in hooks.of(module._state_hooks, hooks.STATE):
        result = hook(module, destination, prefix, metadata)
        if result is not None and not may_replace:
            raise RuntimeError(
                "hooks registered with register_state_dict_post_hook must return None: change the "
                "given state dict in place (state_dict post-hook must return None)"
            )
        destination = destination if result is None else result
    return destination


def load(
    module: Any, given: dict, prefix: str, metadata: dict, strict: bool,
    missing: list[str], unexpected: list[str], errors: list[str],
) -> None:  # fmt: skip
    """Fills the tensors of a module itself; problems go into the three lists."""
    for hook in hooks.of(module._state_hooks, hooks.LOAD_PRE):
        hook(module, given, prefix, metadata, strict, missing, unexpected, errors)
    temporary = module._non_persistent_buffers_set
    own = [(name, one, module._parameters) for name, one in module._parameters.items()]
    own += [
        (name, one, module._buffers)
        for name, one in module._buffers.items()
        if name not in temporary
    ]
    own = [(name, one, home) for name, one, home in own if one is not None]
    for name, tensor, home in own:
        key = prefix + name
        if key not in given:
            if strict:
                missing.append(key)
            continue
        source = given[key]
        if not isinstance(source, Tensor):
            errors.append(
                f'While copying the parameter named "{key}", expected a Tensor from the '
                f"checkpoint but received {type(source).__name__}"
            )
        elif source._aval().shape != tensor._aval().shape:
            errors.append(
                f"size mismatch for {key}: copying a param with shape {source.shape} from "
                f"checkpoint, the shape in current model is {tensor.shape}."
            )
        elif metadata.get("assign_to_params_buffers"):
            home[name] = _assigned(tensor, source)
        else:
            host.take_over(tensor, source)
    if hasattr(module, "set_extra_state"):
        if prefix + EXTRA in given:
            module.set_extra_state(given[prefix + EXTRA])
        elif strict:
            missing.append(prefix + EXTRA)
    if strict:
        known = {name for name, _, _ in own}
        if hasattr(module, "set_extra_state"):
            known.add(EXTRA)
        for key in given:
            name = key.removeprefix(prefix)
            if name not in known and name.split(".", 1)[0] not in module._modules:
                unexpected.append(key)


def _assigned(tensor: Tensor, source: Tensor) -> Tensor:
    """The source as what takes a tensor's place in a module."""
    if not isinstance(tensor, Parameter):
        return source
    if isinstance(source, Parameter):
        return source.requires_grad_(tensor.requires_grad)
    return Parameter(source, tensor.requires_grad)


def load_all(module: Any, given: Mapping, strict: bool, assign: bool) -> IncompatibleKeys:
    """Fills a module and all below it, then raises for everything that did not fit."""
    if not isinstance(given, Mapping):
        raise TypeError(
            f"Expected state_dict to be dict-like, got {type(given)}: a module's state_dict(), "
            f"or what nr.load returned for a file of one"
        )
    versions = getattr(given, "_metadata", {})
    given = OrderedDict(given)
    missing: list[str] = []
    unexpected: list[str] = []
    errors: list[str] = []

    def visit(one: Any, part: dict, prefix: str) -> None:
        metadata = {**versions.get(prefix[:-1], {}), "assign_to_params_buffers": assign}
        one._load_from_state_dict(part, prefix, metadata, True, missing, unexpected, errors)
        for name, child in one._modules.items():
            if child is not None:
                below = f"{prefix}{name}."
                visit(child, {k: v for k, v in part.items() if k.startswith(below)}, below)
        for hook in hooks.of(one._state_hooks, hooks.LOAD):
            if hook(one, IncompatibleKeys(missing, unexpected)) is not None:
                raise RuntimeError(
                    "hooks registered with register_load_state_dict_post_hook must return "
                    "None: change the given incompatible keys in place"
                )

    visit(module, given, "")
    if strict:
        for label, keys in (("Unexpected", unexpected), ("Missing", missing)):
            if keys:
                listed = ", ".join(f'"{key}"' for key in keys)
                errors.insert(0, f"{label} key(s) in state_dict: {listed}. ")
    if errors:
        lines = "\n\t".join(
            [f"Error(s) in loading state_dict for {type(module).__name__}:", *errors]
        )
        raise RuntimeError(lines)
    return IncompatibleKeys(missing, unexpected)
