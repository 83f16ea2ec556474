"""PyTorch's import paths, and where the names of each come from."""

from __future__ import annotations

from .names import NAMES

# Paths that answer with a module of ours of the same name below `neurarust`.
_SAME = """
    nn nn.functional nn.init nn.parameter nn.utils nn.utils.parametrizations nn.utils.parametrize
    nn.utils.prune nn.utils.rnn nn.utils.stateless optim optim.lr_scheduler optim.optimizer
    optim.swa_utils distributions distributions.constraints distributions.constraint_registry
    distributions.distribution distributions.kl distributions.transforms distributions.utils
    func utils utils.checkpoint autograd.function autograd.functional linalg fft special signal
    signal.windows cuda testing backends backends.cuda backends.cudnn backends.mps profiler random
    serialization sparse amp accelerator
"""

# Paths that are put together. A source is a module (or an object that stands for one); a first
# one that begins with `torch` is another path of these tables. The names of `names.NAMES` are
# added; a path that stands there alone has only these.
_MADE = {
    "torch": "neurarust",
    "functorch": "neurarust.func",
    "torch.amp.autocast_mode": "torch.amp neurarust.amp.casting",
    "torch.autograd": "neurarust.autograd",
    "torch.autograd.anomaly_mode": "neurarust.core.autograd.anomaly",
    "torch.autograd.grad_mode": "neurarust.core.autograd.modes",
    "torch.autograd.gradcheck": "neurarust.testing",
    "torch.autograd.profiler": "torch.profiler",
    "torch.autograd.variable": "torch.autograd",
    "torch.backends.mkl": "neurarust.backends.mkl",
    "torch.backends.mkldnn": "neurarust.backends.mkldnn",
    "torch.backends.openmp": "neurarust.backends.openmp",
    "torch.backends.opt_einsum": "neurarust.backends.opt_einsum",
    "torch.cuda.amp": "neurarust.amp.cuda",
    "torch.distributed.distributed_c10d": "torch.distributed",
    "torch.functional": "torch",
    "torch.jit.annotations": "torch.jit",
    "torch.nn.modules": "torch.nn torch.nn.common_types",
    "torch.nn.utils.spectral_norm": "torch.nn.utils neurarust.nn.utils.weight_hooks",
    "torch.nn.utils.weight_norm": "torch.nn.utils neurarust.nn.utils.weight_hooks",
    "torch.optim._multi_tensor": "torch.optim",
    "torch.utils.data": "neurarust.data",
    "torch.utils.data._utils": "torch.utils.data",
    "torch.utils._pytree": "neurarust.compat.pytree",
    "torch.jit": "neurarust.compat.jit",
    "torch.hub": "neurarust.compat.hub",
    "torch.version": "neurarust.compat.version",
    "torch.torch_version": "neurarust.compat.version",
    "torch._dynamo.config": "neurarust.compat.standins.DYNAMO",
    "torch._inductor.config": "neurarust.compat.standins.INDUCTOR",
    "torch._functorch.config": "neurarust.compat.standins.FUNCTORCH",
    "torch.utils.model_zoo": "torch.hub",
}

# PyTorch's own files: whatever is imported from one of these answers with its folder's names.
_FILES = {
    "torch.amp": "grad_scaler",
    "torch.cpu.amp": "autocast_mode grad_scaler",
    "torch.cuda": "memory random streams",
    "torch.cuda.amp": "autocast_mode common grad_scaler",
    "torch.distributions": """
        bernoulli beta binomial categorical cauchy chi2 continuous_bernoulli dirichlet exp_family
        exponential fishersnedecor gamma generalized_pareto geometric gumbel half_cauchy half_normal
        independent inverse_gamma kumaraswamy laplace lkj_cholesky log_normal logistic_normal
        lowrank_multivariate_normal mixture_same_family multinomial multivariate_normal
        negative_binomial normal one_hot_categorical pareto poisson relaxed_bernoulli
        relaxed_categorical studentT transformed_distribution uniform von_mises weibull wishart""",
    "torch.fx": "graph graph_module interpreter node proxy _symbolic_trace",
    "torch.nn.modules": """
        activation adaptive batchnorm channelshuffle container conv distance dropout flatten fold
        instancenorm lazy linear loss module normalization padding pixelshuffle pooling rnn sparse
        transformer upsampling utils""",
    "torch.nn.parallel": "data_parallel distributed parallel_apply replicate scatter_gather",
    "torch.nn.utils": "clip_grad convert_parameters fusion init memory_format",
    "torch.optim": """
        adadelta adagrad adam adamax adamw asgd lbfgs nadam radam rmsprop rprop sgd sparse_adam
        _adafactor _muon""",
    "torch.profiler": "profiler",
    "torch.testing": "_comparison _creation",
    "torch.utils.data": "dataloader dataset distributed sampler",
    "torch.utils.data._utils": "collate fetch pin_memory worker",
}

SOURCES = {f"torch.{name}": f"neurarust.{name}" for name in _SAME.split()} | _MADE
for _folder, _names in _FILES.items():
    SOURCES.update({f"{_folder}.{name}": _folder for name in _names.split()})
for _path in [*SOURCES, *NAMES]:
    while _path:
        SOURCES.setdefault(_path, "")
        _path = _path.rpartition(".")[0]

# Paths that fail as they do in a PyTorch without their package, with what to do.
ABSENT = {
    "torch.utils.tensorboard": "it writes for TensorBoard by PyTorch's own code. "
    "tensorboardX.SummaryWriter takes the same calls; give it numbers and NumPy arrays",
    "torch._six": "it is gone from PyTorch itself since 1.13",
}
