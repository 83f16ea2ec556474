"""`autograd.functional`: derivatives of functions."""

from ..core.functional import hessian as hessian
from ..core.functional import hvp as hvp
from ..core.functional import jacobian as jacobian
from ..core.functional import jvp as jvp
from ..core.functional import vhp as vhp
from ..core.functional import vjp as vjp
