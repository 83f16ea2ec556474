"""Training steps of NeuraRust against PyTorch and hand-written JAX: `python -m benchmarks`.

Adding one: a row in `workloads.WORKLOADS`, its imperative form in `imperative` (one source for
PyTorch and NeuraRust) and its functional form in `handwritten` (JAX and optax), under one name.

`python -m benchmarks.recording | memory | startup | compilations` measure the rest.
"""
