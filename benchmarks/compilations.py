"""Programs compiled after the third step of a steady loop (bar: 0): `-m benchmarks.compilations`.

The loop has what makes naive recorders compile again: dropout, a learning rate that changes at
every step, gradients accumulated over two batches, and a loss that is scaled by a changing number.
"""

from __future__ import annotations

import argparse
import sys

import neurarust as nr
import neurarust.nn.functional as F
from neurarust import nn

from .workloads import PIXELS, Workload, labelled

SETTLED = 3
ACCUMULATE = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=50)
    steps = parser.parse_args().steps
    model = nn.Sequential(nn.Linear(PIXELS, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
    optimizer = nr.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = nr.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    data = [
        tuple(map(nr.from_numpy, one)) for one in Workload("mlp", labelled(64, PIXELS)).batches()
    ]
    settled = 0
    for step in range(steps):
        optimizer.zero_grad()
        for part in range(ACCUMULATE):
            inputs, labels = data[(step * ACCUMULATE + part) % len(data)]
            scale = 1.0 / (ACCUMULATE + step)
            (F.cross_entropy(model(inputs), labels) * scale).backward()
        optimizer.step()
        scheduler.step()
        if step + 1 == SETTLED:
            settled = nr.explain().compilations
    nr.synchronize()
    late = nr.explain().compilations - settled
    print(f"{settled} compilations in the first {SETTLED} steps, {late} in the other {steps - 3}")
    if late:
        print(nr.explain())
        sys.exit(1)


if __name__ == "__main__":
    main()
