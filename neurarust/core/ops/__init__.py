"""Every operation, one file per kind.

How to add one: write a pure function over jax arrays in the file of its kind, decorate it with
`@op(...)` (see `define`), and add a row of samples to `tests/samples.py`. Nothing else.
"""
