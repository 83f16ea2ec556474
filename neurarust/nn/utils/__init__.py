"""Helpers for gradients, parameters, reparametrized weights and sequences."""

from . import parametrizations as parametrizations
from . import parametrize as parametrize
from . import prune as prune
from . import rnn as rnn
from . import stateless as stateless
from .clip_grad import clip_grad_norm as clip_grad_norm
from .clip_grad import clip_grad_norm_ as clip_grad_norm_
from .clip_grad import clip_grad_value_ as clip_grad_value_
from .clip_grad import clip_grads_with_norm_ as clip_grads_with_norm_
from .clip_grad import get_total_norm as get_total_norm
from .fusion import convert_conv2d_weight_memory_format as convert_conv2d_weight_memory_format
from .fusion import convert_conv3d_weight_memory_format as convert_conv3d_weight_memory_format
from .fusion import fuse_conv_bn_eval as fuse_conv_bn_eval
from .fusion import fuse_conv_bn_weights as fuse_conv_bn_weights
from .fusion import fuse_linear_bn_eval as fuse_linear_bn_eval
from .fusion import fuse_linear_bn_weights as fuse_linear_bn_weights
from .fusion import skip_init as skip_init
from .vector import parameters_to_vector as parameters_to_vector
from .vector import vector_to_parameters as vector_to_parameters
from .weight_hooks import remove_spectral_norm as remove_spectral_norm
from .weight_hooks import remove_weight_norm as remove_weight_norm
from .weight_hooks import spectral_norm as spectral_norm
from .weight_hooks import weight_norm as weight_norm
