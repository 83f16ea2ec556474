"""Capture: a Python function of Tensors becomes one pure function over arrays.

    captured = capture(function, args, kwargs)
    outputs = captured.call(tensors)

The function runs once under a nested recording that never computes; what it recorded is a
`Signature` like any op's, so that jit and the transforms (vmap, scan, checkpoint...) can record
it as one call, differentiate it and map it. Capturing again what was captured before finds the
same Signature: it costs the function's Python and no tracing.

Inputs of the signature are first the Tensors among the arguments, then every other Value that
was read from outside (parameters, tensors closed over); Python numbers travel as data. Outputs
are the Tensors among the results, then what was written to tensors from outside, whose cells
get back what they held: the caller decides what becomes of the writes.

`captured.signature.function` is right under `jax.vjp`, `jax.jvp` and `jax.vmap` as it stands: uses
that the tape did not follow (`detach`, `no_grad`) stop gradients, and `autograd.Function`s and
hooks bring their own backward. Arguments on the tape are those that require grad outside,
or those that `leaves` names.
"""

from .function import Captured as Captured
from .function import capture as capture
from .recording import MODES as MODES
from .recording import Capture as Capture
from .recording import repeated as repeated
from .recording import reread as reread
