"""Gradients: `grad`, `backward`, `Function`, modes and checks."""

from ..core.autograd.anomaly import detect_anomaly as detect_anomaly
from ..core.autograd.anomaly import set_detect_anomaly as set_detect_anomaly
from ..core.autograd.modes import enable_grad as enable_grad
from ..core.autograd.modes import inference_mode as inference_mode
from ..core.autograd.modes import no_grad as no_grad
from ..core.autograd.modes import set_grad_enabled as set_grad_enabled
from ..core.function import Function as Function
from ..core.function import backward as backward
from ..core.function import grad as grad
from ..testing import gradcheck as gradcheck
from ..testing import gradgradcheck as gradgradcheck
from . import function as function
from . import functional as functional
