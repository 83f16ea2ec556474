"""Averages of weights over training: stochastic weight averaging and moving averages."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax.numpy as jnp

from ..core.autograd.modes import no_grad
from ..core.errors import fail
from ..core.op import Arrays, Op, Operand
from ..core.ops.create import tensor
from ..core.tensor.dispatch import call, write
from ..core.tensor.tensor import Tensor
from ..nn.module import Module
from ..nn.normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .optimizer import Optimizer
from .schedules import LRScheduler, current, each


def _lerp_all(starts: Arrays, ends: Arrays, weight: Operand):
    moved = []
    for start, end in zip(starts, ends, strict=True):
        step = weight * (end.astype(weight.dtype) - start.astype(weight.dtype))
        moved.append((start + step.astype(start.dtype)).astype(start.dtype))
    return moved


LERP_ALL = Op("lerp_all", _lerp_all, differentiable=False)


def _select_all(begun: Operand, averages: Arrays, currents: Arrays):
    return [
        jnp.where(begun, one, other.astype(one.dtype))
        for one, other in zip(averages, currents, strict=True)
    ]


SELECT_ALL = Op("select_all", _select_all, differentiable=False)


def _lerp_lists(starts: Sequence[Tensor], ends: Sequence[Tensor], weight: Any) -> None:
    """Moves all of the first towards the second, in one recorded call."""
    if not starts:
        return
    _write_all(starts, call(LERP_ALL, (list(starts), list(ends), weight)))


def _write_all(tensors: Sequence[Tensor], results: Sequence[Tensor]) -> None:
    for one, result in zip(tensors, results, strict=True):
        write(one, result)


def _checked(decay: float) -> float:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )
    return decay


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable:
    """An average for `multi_avg_fn` that forgets: `decay * average + (1 - decay) * current`."""
    weight = 1 - _checked(decay)

    @no_grad()
    def update(averages: Sequence[Tensor], currents: Sequence[Tensor], _: Any) -> None:
        _lerp_lists(averages, currents, weight)

    return update


def get_swa_multi_avg_fn() -> Callable:
    """An average for `multi_avg_fn` in which all models count the same."""

    @no_grad()
    def update(averages: Sequence[Tensor], currents: Sequence[Tensor], count: Any) -> None:
        _lerp_lists(averages, currents, 1 / (count + 1))

    return update


def get_ema_avg_fn(decay: float = 0.999) -> Callable:
    """An average for `avg_fn` that forgets."""
    decay = _checked(decay)

    @no_grad()
    def update(average: Tensor, current: Tensor, _: Any) -> Tensor:
        return decay * average + (1 - decay) * current

    return update


def get_swa_avg_fn() -> Callable:
    """An average for `avg_fn` in which all models count the same."""

    @no_grad()
    def update(average: Tensor, current: Tensor, count: Any) -> Tensor:
        return average + (current - average) / (count + 1)

    return update


def _kind(pair: tuple[Tensor, Tensor]) -> str:
    """What the tensors that are averaged together have in common."""
    return str(pair[0].dtype)


class AveragedModel(Module):
    """A copy of a model that holds the average of its weights (Izmailov et al. 2018).

    Differs from PyTorch: the functions are called the first time, too, when weights are copied, and
    what they give is not taken. So nobody has to look at the count.

    Args:
        device: where the average lives.
        avg_fn: `(average, current, count) -> average` for one tensor.
        multi_avg_fn: the same in place for lists of tensors.
        use_buffers: average the buffers too; else they are copied.
    """

    n_averaged: Tensor

    def __init__(
        self, model: Module, device: Any = None, avg_fn: Callable | None = None,
        multi_avg_fn: Callable | None = None, use_buffers: bool = False,
    ):  # fmt: skip
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Takes the model's weights into the average; the first time, copies them."""
        mine, theirs = (list(one.parameters()) for one in (self.module, model))
        if self.use_buffers:
            mine, theirs = mine + list(self.module.buffers()), theirs + list(model.buffers())
        if len(mine) != len(theirs):
            fail("AveragedModel.update_parameters", f"a model with {len(theirs)} tensors",
                 f"one with {len(mine)}, like the average")  # fmt: skip
        averages = [one.detach() for one in mine]
        currents = [b.detach().to(a.device) for a, b in zip(averages, theirs, strict=True)]
        pairs = sorted(zip(averages, currents, strict=True), key=_kind)
        for _, group in itertools.groupby(pairs, _kind):
            self._average(*map(list, zip(*group, strict=True)))
        if not self.use_buffers:
            for mine_, theirs_ in zip(self.module.buffers(), model.buffers(), strict=True):
                mine_.detach().copy_(theirs_.detach().to(mine_.device))
        self.n_averaged += 1

    def _average(self, averages: list[Tensor], currents: list[Tensor]) -> None:
        if self.avg_fn is None:
            (self.multi_avg_fn or get_swa_multi_avg_fn())(averages, currents, self.n_averaged)
        else:
            for average, one in zip(averages, currents, strict=True):
                average.copy_(self.avg_fn(average, one, self.n_averaged))
        # The first time they are copied. Nobody looks at the count, so that training need not wait.
        begun = (self.n_averaged > 0).to(averages[0].device)
        _write_all(averages, call(SELECT_ALL, (begun, averages, currents)))


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Computes a model's batch-norm statistics anew over the data (the first of each batch)."""
    kinds = (BatchNorm1d, BatchNorm2d, BatchNorm3d)
    layers = [one for one in model.modules() if isinstance(one, kinds)]
    if not layers:
        return
    momenta, was_training = [one.momentum for one in layers], model.training
    model.train()
    for layer in layers:
        layer.reset_running_stats()
        # None: the mean over all batches.
        layer.momentum = None
    for batch in loader:
        given = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(given if device is None else given.to(device))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the present rates to `swa_lr` in `anneal_epochs` epochs, then constant.

    Args:
        swa_lr: the last rate, for all groups or each.
        anneal_strategy: "cos" or "linear".
    """

    def __init__(
        self, optimizer: Optimizer, swa_lr: float | list[float], anneal_epochs: int = 10,
        anneal_strategy: str = "cos", last_epoch: int = -1,
    ):  # fmt: skip
        for group, rate in zip(
            optimizer.param_groups, each("swa_lr", optimizer, swa_lr), strict=True
        ):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy, self.anneal_epochs = anneal_strategy, anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """How far the rates have come after a number of steps."""
        t = max(0, min(1, step / max(1, self.anneal_epochs)))
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t

    def get_lr(self) -> list[Any]:
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group, rate in zip(self.optimizer.param_groups, current(self.optimizer), strict=True):
            last = group["swa_lr"]
            first = last if before == 1 else (rate - before * last) / (1 - before)
            rates.append(last * now + first * (1 - now))
        return rates
