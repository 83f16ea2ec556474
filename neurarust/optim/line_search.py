"""A line search under the strong Wolfe conditions, for LBFGS."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Point:
    """A step along the line: its length, the loss there, its slope, and the gradient."""

    t: float
    loss: float
    slope: float
    grad: Any


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, t: float, largest: float, limit: int,
    decrease: float = 1e-4, curvature: float = 0.9, tolerance: float = 1e-9,
) -> tuple[Point, int]:  # fmt: skip
    """A step that lowers the loss enough and flattens the slope (Nocedal and Wright 2006, 3.5).

    First the bracket is widened until it must hold such a step, then it is narrowed by cubic
    interpolation.

    Args:
        evaluate: the Point at a step length.
        start: the Point at 0.
        t: the first step length to try.
        largest: the largest element of the direction.
        limit: how often to evaluate after the first.
    Returns:
        The point found and the number of evaluations.
    """

    def too_high(point: Point) -> bool:
        return point.loss > start.loss + decrease * point.t * start.slope

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -curvature * start.slope

    before, now, tries = start, evaluate(t), 0
    while tries < limit:
        if too_high(now) or (tries > 1 and now.loss >= before.loss):
            break
        if flat(now):
            return now, tries + 1
        if now.slope >= 0:
            break
        low, high = now.t + 0.01 * (now.t - before.t), now.t * 10
        before, now = now, evaluate(_cubic(before, now, low, high))
        tries += 1
    bracket = [start, now] if tries == limit else [before, now]
    stuck = False
    while tries < limit and abs(bracket[1].t - bracket[0].t) * largest >= tolerance:
        bracket.sort(key=lambda point: point.loss)
        best, other = bracket
        low, high = sorted((best.t, other.t))
        t = _cubic(best, other, low, high)
        edge = 0.1 * (high - low)
        near = min(high - t, t - low) < edge
        if near and (stuck or t >= high or t <= low):
            t = high - edge if abs(t - high) < abs(t - low) else low + edge
            near = False
        stuck = near
        now, tries = evaluate(t), tries + 1
        if too_high(now) or now.loss >= best.loss:
            bracket = [best, now]
            continue
        if flat(now):
            return now, tries + 1
        bracket = [now, best if now.slope * (other.t - best.t) >= 0 else other]
    return min(bracket, key=lambda point: point.loss), tries + 1


def _cubic(first: Point, second: Point, low: float, high: float) -> float:
    """Where the cubic through two points and their slopes is lowest, within bounds."""
    if first.t > second.t:
        first, second = second, first
    width = second.t - first.t
    if width == 0:
        return (low + high) / 2
    a = first.slope + second.slope - 3 * (second.loss - first.loss) / width
    square = a * a - first.slope * second.slope
    if not square >= 0:
        return (low + high) / 2
    root = math.sqrt(square)
    divisor = second.slope - first.slope + 2 * root
    if divisor == 0:
        return (low + high) / 2
    place = second.t - width * (second.slope + root - a) / divisor
    return min(max(place, low), high)
