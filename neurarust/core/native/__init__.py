"""Kernels in C for what XLA's own libraries compute slowly on CPUs.

    common.h                what they share: vectors, tasks on XLA's threads
    tile.c, square.h        products, and transposes, of what fits into registers
    convolution.c, gradient.c   convolutions, and the gradients of their kernels
    product.c, few.c        products of matrices, many small ones or one; of a few rows
    transpose.c             transposes of matrices, as channels to the end or the front
    update.c                an optimizer's step: Adam, SGD, and the parts of clipping
    normalization.c         layer normalization, and its gradient
    build                   compiles them for this machine, once, and tells XLA where they are
    convolutions, products, transposes  the equations of a program that they compute
    formulas, updates       functions that they compute as a whole

When a program is compiled, an equation that a kernel computes becomes a call through XLA's foreign
function interface (`jax.ffi`). By then every derivative and every `vmap` has been taken, so that a
kernel needs no rules for them. Without a C compiler programs are XLA's own: they give the same
results within rounding, and take longer.

To add a kernel: a handler in a `.c` file, its name in `build`, and a `formula` of the same name, or
a function that recognizes its equations and a place where `engine.layout` asks it.
"""

from .build import available as available
from .build import begin as begin
from .build import digest as digest
from .build import processor as processor
from .build import ready as ready
from .convolutions import convolution as convolution
from .formulas import call as call
from .formulas import formula as formula
from .formulas import is_formula as is_formula
from .products import multiplies as multiplies
from .products import product as product
from .transposes import transpose as transpose
from .transposes import transposes as transposes
from .updates import adam as adam
from .updates import descent as descent
from .updates import momentum as momentum
from .updates import nesterov as nesterov
from .updates import scaled as scaled
from .updates import squares as squares
