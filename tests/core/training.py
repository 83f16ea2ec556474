"""A training step that tests run plainly and under `nr.jit`."""

from __future__ import annotations

from typing import Any

import neurarust as nr


class Training:
    """A model, its optimizer and schedule, and a step.

    Args:
        kept: whether gradients are there after a step; else it ends without.
    """

    def __init__(self, model: Any, optimizer: Any, schedule: Any, jitted: bool, kept: bool):
        self.model, self.optimizer, self.schedule = model, optimizer, schedule
        self.kept = kept
        self.step = nr.jit(self.plain) if jitted else self.plain

    def plain(self, x: Any) -> Any:
        if self.kept:
            self.optimizer.zero_grad()
        loss = self.model(x).square().mean()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        if not self.kept:
            self.optimizer.zero_grad()
        return loss
