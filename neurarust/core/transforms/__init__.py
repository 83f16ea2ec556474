"""Transforms of functions of Tensors: gradients, vmap, checkpoint, control flow.

A transform captures the function once a call (`calls.Call`), makes the transformed pure function
with JAX (`jax.vjp`, `jax.vmap`, `jax.lax.scan`...; kept by signature, traced once), and records it
as one call on the tape. So transforms nest in any order, in each other, in `nr.jit` and under
`backward()`.

To add one: a function that makes a `Call`, a signature through `calls.transformed`, and
`call.record(signature)`.
"""

from .batching import vmap as vmap
from .checkpointing import checkpoint as checkpoint
from .control_flow import cond as cond
from .control_flow import while_loop as while_loop
from .gradients import grad as grad
from .gradients import grad_and_value as grad_and_value
from .gradients import value_and_grad as value_and_grad
from .jacobians import hessian as hessian
from .jacobians import jacfwd as jacfwd
from .jacobians import jacrev as jacrev
from .products import jvp as jvp
from .products import linearize as linearize
from .products import vjp as vjp
from .scanning import associative_scan as associative_scan
from .scanning import scan as scan
