"""PyTorch scripts as they are, by `python -m neurarust run`, and PyTorch's import paths."""

from __future__ import annotations

import importlib
import subprocess
import sys
import textwrap

import pytest

import neurarust as nr

from .core.subprocesses import ROOT, run

SCRIPT = """
import sys
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.backends.cudnn as cudnn
from torch.cuda.amp import GradScaler, autocast
from torch.nn.parameter import Parameter
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.checkpoint import checkpoint

cudnn.benchmark = True
torch.manual_seed(0)
assert __name__ == "__main__" and sys.argv[1:] == ["--steps", "3"], sys.argv
x = torch.randn(12, 3)
loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=4)
model = nn.Linear(3, 1)
model.bias = Parameter(torch.zeros(1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
schedule = StepLR(optimizer, 1, 0.9)
losses = []
for epoch in range(int(sys.argv[2])):
    for batch, target in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(checkpoint(model, batch, use_reentrant=False), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    schedule.step()
assert losses[-1] < losses[0], losses
print(type(x).__module__.split(".")[0], len(losses))
"""


def test_a_script_as_it_is(tmp_path):
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-m", "neurarust", "run", str(path), "--steps", "3"],
        cwd=ROOT, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["neurarust", "9"]


# Import paths as scripts write them, PyTorch's documented namespace, and names that are the same
# objects in both.
SAME = """
    torch.nn.modules                         torch.nn             Module ReLU Linear
    torch.nn.modules.module                  torch.nn             Module
    torch.nn.modules.loss                    torch.nn             MSELoss CrossEntropyLoss
    torch.nn.modules.batchnorm               torch.nn             BatchNorm2d SyncBatchNorm
    torch.nn.modules.container               torch.nn             Sequential ModuleList
    torch.nn.modules.activation              torch.nn             ReLU MultiheadAttention
    torch.nn.modules.rnn                     torch.nn             LSTM RNNBase
    torch.nn.parameter                       torch.nn             Parameter UninitializedParameter
    torch.nn.parallel                        torch.nn             DataParallel
    torch.nn.parallel.data_parallel          torch.nn             DataParallel
    torch.optim.sgd                          torch.optim          SGD
    torch.optim.adamw                        torch.optim          AdamW
    torch.optim.optimizer                    torch.optim          Optimizer
    torch.autograd.function                  torch.autograd       Function
    torch.autograd.grad_mode                 torch.autograd       no_grad inference_mode
    torch.autograd.gradcheck                 torch.autograd       gradcheck gradgradcheck
    torch.autograd.variable                  torch.autograd       Variable
    torch.amp.grad_scaler                    torch.amp            GradScaler
    torch.amp.autocast_mode                  torch.amp            autocast custom_fwd
    torch.cuda.amp.grad_scaler               torch.cuda.amp       GradScaler
    torch.cuda.amp.autocast_mode             torch.cuda.amp       autocast custom_bwd
    torch.cuda.random                        torch.cuda           manual_seed_all
    torch.distributions.normal               torch.distributions  Normal
    torch.distributions.categorical          torch.distributions  Categorical
    torch.distributions.kl                   torch.distributions  kl_divergence register_kl
    torch.distributions.multivariate_normal  torch.distributions  MultivariateNormal
    torch.distributions.transformed_distribution torch.distributions TransformedDistribution
    torch.distributions.transforms           torch.distributions  ExpTransform
    torch.utils.data.sampler                 torch.utils.data     Sampler RandomSampler
    torch.utils.data.dataset                 torch.utils.data     Dataset TensorDataset
    torch.utils.data.dataloader              torch.utils.data     DataLoader default_collate
    torch.utils.data._utils.collate          torch.utils.data     default_collate default_convert
    torch.nn.utils.clip_grad                 torch.nn.utils       clip_grad_norm_
    torch.nn.utils.convert_parameters        torch.nn.utils       parameters_to_vector
    torch.nn.utils.weight_norm               torch.nn.utils       weight_norm remove_weight_norm
    torch.nn.utils.spectral_norm             torch.nn.utils       spectral_norm
    torch.functional                         torch                stack einsum
    torch._tensor                            torch                Tensor
    torch.types                              torch                Tensor Size
    torch.random                             torch                manual_seed default_generator
    torch.utils.dlpack                       torch                from_dlpack
"""

# Names that only these paths have.
THERE = """
    torch.nn.modules.loss _Loss _WeightedLoss
    torch.nn.modules.conv _ConvNd _ConvTransposeNd
    torch.nn.modules.batchnorm _BatchNorm _NormBase
    torch.nn.modules.utils _single _pair _triple _ntuple
    torch.nn.modules.module _IncompatibleKeys register_module_forward_hook
    torch.nn.modules.dropout _DropoutNd
    torch.nn.modules.transformer _get_clones
    torch.nn.utils.weight_norm WeightNorm
    torch.nn.common_types _size_2_t _size_any_t
    torch.nn.attention SDPBackend sdpa_kernel
    torch.nn.attention.flex_attention flex_attention
    torch.nn.init _calculate_fan_in_and_fan_out
    torch.nn.parallel DistributedDataParallel
    torch.optim.lr_scheduler _LRScheduler
    torch.optim.optimizer required
    torch.optim.swa_utils AveragedModel
    torch.autograd.function once_differentiable FunctionCtx InplaceFunction
    torch.autograd.functional jacobian
    torch.autograd.graph Node saved_tensors_hooks save_on_cpu
    torch.autograd.forward_ad dual_level make_dual unpack_dual
    torch.autograd.profiler record_function profile
    torch.autograd.anomaly_mode detect_anomaly
    torch.distributions.utils broadcast_all probs_to_logits
    torch.distributions.constraints positive
    torch.utils._pytree tree_map tree_flatten tree_unflatten
    torch.utils.hooks RemovableHandle
    torch.utils.checkpoint checkpoint
    torch.utils.benchmark Timer
    torch.utils.model_zoo load_url
    torch.utils.data.distributed DistributedSampler
    torch.utils.data.dataset T_co
    torch.utils.cpp_extension load
    torch.jit script trace Final
    torch.hub load load_state_dict_from_url
    torch.version cuda hip __version__
    torch.types Device Number
    torch.overrides has_torch_function
    torch.multiprocessing spawn Queue cpu_count
    torch.distributed init_process_group ReduceOp
    torch.distributed.fsdp FullyShardedDataParallel
    torch.storage UntypedStorage
    torch.serialization save load add_safe_globals
    torch.onnx export
    torch.fx symbolic_trace GraphModule
    torch.fx.node Node
    torch.compiler disable is_compiling
    torch._dynamo disable config
    torch._dynamo.config suppress_errors
    torch._utils _flatten_dense_tensors
    torch.testing assert_close
    torch.ao.quantization QConfig
    torch.backends.cudnn benchmark
    functorch vmap grad
"""


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines() if line.strip()]


START = """
import importlib, sys
import neurarust as nr
from neurarust import compat
from neurarust.compat import paths
compat.install()
import torch
"""


def run_under_torch(script: str) -> str:
    return run(START + textwrap.dedent(script))


def test_every_path_imports():
    run_under_torch(
        """
        for path in paths.SOURCES:
            assert importlib.import_module(path) is sys.modules[path], path
            found = torch
            if path.startswith("torch."):
                for name in path.split(".")[1:]:
                    found = getattr(found, name)
        assert torch is sys.modules["torch"] and torch.nn.functional is sys.modules[
            "torch.nn.functional"]
        """
    )


def test_names_are_the_same_objects():
    run_under_torch(
        f"""
        for path, public, *names in {rows(SAME)}:
            module, public = importlib.import_module(path), importlib.import_module(public)
            for name in names:
                assert getattr(module, name) is getattr(public, name), (path, name)
        for path, *names in {rows(THERE)}:
            module = importlib.import_module(path)
            assert all(hasattr(module, name) for name in names), (path, names)
        """
    )


def test_no_module_or_class_is_there_twice():
    run_under_torch(
        """
        for path in list(paths.SOURCES):
            importlib.import_module(path)
        for path, one in list(sys.modules.items()):
            if path.partition(".")[0] in ("torch", "functorch"):
                spec = getattr(one, "__spec__", None)  # backends.cudnn and so on have none
                assert spec is None or isinstance(spec.loader, compat.Finder), path
        # A name of ours that a path has is the very object.
        for theirs in paths.SOURCES:
            ours = sys.modules.get(theirs.replace("torch", "neurarust", 1))
            for name, one in vars(ours).items() if ours and theirs != "torch.jit" else ():
                if not (name.startswith("_") or isinstance(one, type(sys)) or one is nr.jit):
                    assert getattr(sys.modules[theirs], name, one) is one, (theirs, name)
        # And ours are as they were.
        assert not hasattr(nr.nn, "modules") and not hasattr(nr, "version")
        assert callable(nr.jit) and nr.jit is not torch.jit and nr.__version__ == "0.1.0"
        import torch.nn.utils.weight_norm, torch.autograd.gradcheck
        assert torch.nn.utils.weight_norm is nr.nn.utils.weight_norm
        assert torch.autograd.gradcheck is nr.autograd.gradcheck
        """
    )


def test_what_is_not_there():
    run_under_torch(
        """
        def message(kind, act):
            try:
                act()
            except kind as error:
                return str(error)
            raise AssertionError("no error")

        imported = importlib.import_module
        assert "of torch.optim there are" in message(
            ModuleNotFoundError, lambda: imported("torch.optim.unknown"))
        assert "tensorboardX" in message(
            ModuleNotFoundError, lambda: imported("torch.utils.tensorboard"))
        assert "'torch.nn' has no attribute 'Foo'" in message(AttributeError, lambda: torch.nn.Foo)
        assert "no attribute 'core'" in message(AttributeError, lambda: torch.core)
        assert "Did you mean: 'zeros'" in message(AttributeError, lambda: torch.zeross)
        model = torch.nn.Linear(2, 2)
        for act, words in (
            (lambda: torch.jit.save(model, "x"), "no TorchScript"),
            (lambda: torch.jit.script(model).save("x"), "no TorchScript"),
            (lambda: torch.jit.load("x"), "no TorchScript"),
            (lambda: torch.hub.load("a/b", "c"), "load_state_dict_from_url"),
            (lambda: torch.autograd.forward_ad.make_dual(1, 2), "nr.func.jvp"),
            (lambda: torch.autograd.forward_ad.dual_level().__enter__(), "nr.func.jvp"),
            (lambda: torch.autograd.graph.saved_tensors_hooks(1, 2), "checkpoint"),
            (lambda: torch.autograd.graph.save_on_cpu(), "checkpoint"),
            (lambda: torch.distributed.init_process_group("nccl"), "one process"),
            (lambda: torch.nn.parallel.DistributedDataParallel(model), "one device"),
            (lambda: torch.nn.DataParallel(model, device_ids=[0, 1]), "one device"),
            (lambda: torch.multiprocessing.Process(target=print), "threading"),
            (lambda: torch.onnx.export(model, "x"), "ONNX"),
            (lambda: torch.fx.symbolic_trace(model), "nr.jit"),
            (lambda: torch.utils.benchmark.Timer("x"), "synchronize"),
            (lambda: torch.quantization.prepare(model), "quantized"),
        ):
            said = message(NotImplementedError, act)
            assert "is not supported" in said and words in said, said
        class Tracer(torch.fx.Tracer):  # named and subclassed without an error
            pass
        message(NotImplementedError, Tracer)
        assert not hasattr(torch.fx.Proxy, "node") and not isinstance(model, torch.fx.GraphModule)
        assert "is not supported" in message(AttributeError, lambda: torch.fx.Proxy.node)
        """
    )


def test_script_and_hints_change_nothing():
    run_under_torch(
        """
        import copy, pickle

        def double(x):
            return 2 * x

        assert torch.jit.script(double) is double and torch.jit.trace(double, 1) is double
        model = torch.nn.Linear(2, 2)
        assert torch.jit.script(model) is model and torch.jit.script(model) is model
        assert list(model.state_dict()) == ["weight", "bias"]
        assert pickle.loads(pickle.dumps(copy.deepcopy(model))).weight.equal(model.weight)
        assert not torch.jit.is_scripting() and not torch.jit.is_tracing()
        for mark in (torch.jit.ignore, torch.jit.export, torch.jit.unused, torch.compiler.disable,
                     torch._dynamo.disable, torch.jit.script_method):
            assert mark(double) is double
        assert torch.jit.ignore(drop=True)(double) is double
        assert torch.compiler.disable(recursive=False)(double) is double
        assert torch.jit.annotate(list[int], [1]) == [1] and torch.jit.Attribute(2, int) == 2
        assert torch.jit.wait(torch.jit.fork(double, 3)) == 6
        assert torch.jit.isinstance([1], list[int])

        class Scripted(torch.jit.ScriptModule):
            @torch.jit.script_method
            def forward(self, x):
                return double(x)

        assert Scripted()(4) == 8
        try:
            torch.jit.freeze(model)
        except RuntimeError as error:
            assert "eval mode" in str(error)
        assert torch.jit.freeze(model.eval()) is model
        torch._dynamo.config.suppress_errors = True
        torch._dynamo.reset()
        assert not torch.compiler.is_compiling()
        assert not torch.distributed.is_available() and not torch.distributed.is_initialized()

        from torch.nn.attention import SDPBackend, sdpa_kernel
        q = torch.ones(1, 1, 2, 2)
        with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.MATH]):
            assert torch.nn.functional.scaled_dot_product_attention(q, q, q).equal(q)
        try:
            sdpa_kernel("math")
        except TypeError as error:
            assert "SDPBackend" in str(error)
        with torch.profiler.record_function("name"):
            pass
        assert torch.profiler.record_function("name")(double)(1) == 2
        assert isinstance(torch.ones(1, requires_grad=True).exp().grad_fn,
                          torch.autograd.graph.Node)
        """
    )


def test_version():
    run_under_torch(
        """
        version = torch.__version__
        assert version is torch.version.__version__ and isinstance(version, str)
        assert version == "2.13.0+neurarust" and version.split(".")[:2] == ["2", "13"]
        assert version > "1.8" and version > "2.2" and version >= (2, 0) and version < "3.0"
        assert version > "2.13.0" and version > "2.13.0rc1" and version != "2.13"
        assert version < [2, 14] and version != "parrots" and hash(version) == hash(str(version))
        assert torch.version.hip is None and (torch.version.cuda is None or
                                              torch.cuda.is_available())
        assert torch.__name__ == "neurarust"
        """
    )


def test_bases_and_helpers_of_layers():
    run_under_torch(
        """
        from torch.nn.modules.batchnorm import _BatchNorm
        from torch.nn.modules.conv import _ConvNd
        from torch.nn.modules.loss import _Loss, _WeightedLoss
        from torch.nn.modules.pooling import _AvgPoolNd
        from torch.nn.modules.utils import _pair, _reverse_repeat_tuple
        from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present as consume

        nn = torch.nn
        assert isinstance(nn.Conv2d(1, 1, 1), _ConvNd) and isinstance(nn.MSELoss(), _Loss)
        assert issubclass(nn.NLLLoss, _WeightedLoss) and not issubclass(nn.MSELoss, _WeightedLoss)
        assert not isinstance(nn.Linear(1, 1), (_ConvNd, _Loss, _BatchNorm, _AvgPoolNd))
        assert isinstance(nn.AvgPool1d(2), _AvgPoolNd) and issubclass(nn.SyncBatchNorm, _BatchNorm)

        class Loss(_WeightedLoss):
            def forward(self, x, y):
                return ((x - y).square() * self.weight).sum()

        assert Loss(torch.tensor([1.0, 2.0]))(torch.ones(2), torch.zeros(2)).item() == 3
        assert Loss(reduction="sum").reduction == "sum" and Loss(reduce=False).reduction == "none"
        assert not isinstance(nn.MSELoss(), Loss)

        class Conv(_ConvNd):
            def __init__(self, *channels):
                super().__init__(*channels, _pair(3), _pair(1), _pair(1), _pair(1), False,
                                 _pair(0), 1, True, "zeros")

            def forward(self, x):
                return nn.functional.conv2d(x, self.weight, self.bias, padding=self.padding)

        assert Conv(1, 2)(torch.ones(1, 1, 4, 4)).shape == (1, 2, 4, 4)
        assert _pair(1) == (1, 1) and _pair([1, 2]) == (1, 2)
        assert _reverse_repeat_tuple((1, 2), 2) == (2, 2, 1, 1)

        model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
        parallel = nn.DataParallel(model, device_ids=[0])
        x = torch.ones(4, 2)
        assert parallel.module is model and parallel(x).equal(model(x))
        state = parallel.state_dict()
        assert all(name.startswith("module.") for name in state)
        consume(state, "module.")
        assert list(state) == list(model.state_dict()) and model.load_state_dict(state)
        assert nn.init._calculate_fan_in_and_fan_out(torch.ones(2, 3, 4)) == (12, 8)

        Variable = torch.autograd.Variable
        leaf = torch.ones(2, requires_grad=True)
        assert isinstance(leaf, Variable) and not Variable(leaf).requires_grad
        assert Variable(leaf * 2, requires_grad=True).is_leaf
        """
    )


def test_trees():
    run_under_torch(
        """
        from collections import OrderedDict, defaultdict, deque, namedtuple
        from torch.utils._pytree import (
            tree_any_only, tree_flatten, tree_leaves, tree_map, tree_map_only, tree_unflatten)

        Pair = namedtuple("Pair", "a b")
        tree = {"b": [1, None, (2, 3)], "a": Pair(4, deque([5], maxlen=3)),
                "o": OrderedDict(z=6), "d": defaultdict(list, k=7)}
        leaves, spec = tree_flatten(tree)
        assert leaves == [1, None, 2, 3, 4, 5, 6, 7] and spec.num_leaves == 8
        same = tree_unflatten(leaves, spec)
        assert same == tree and type(same["a"]) is Pair and same["a"].b.maxlen == 3
        assert tree_map(lambda x, y: x + y, {"a": 1, "b": 2}, {"b": 3, "a": 4}) == {"a": 5, "b": 5}
        assert tree_map_only(int, str, [1, "a", 2.0]) == ["1", "a", 2.0]
        assert tree_leaves([(1, 2)], is_leaf=lambda x: isinstance(x, tuple)) == [(1, 2)]
        assert tree_any_only(int, lambda x: x > 1, [1, 2, "a"])
        assert tree_flatten([1])[1] == tree_flatten([2])[1] != tree_flatten((1,))[1]
        for act in (lambda: tree_map(max, [1, 2], [1]), lambda: tree_unflatten([1], spec),
                    lambda: tree_map(max, {"a": 1}, {"b": 1})):
            try:
                act()
            except ValueError:
                continue
            raise AssertionError
        """
    )


def test_weights_by_address(tmp_path):
    run_under_torch(
        f"""
        import pathlib
        folder = pathlib.Path({str(tmp_path)!r})
        torch.save({{"w": torch.ones(2)}}, folder / "net-0.pth")
        address = (folder / "net-0.pth").as_uri()
        found = torch.hub.load_state_dict_from_url(address, str(folder / "kept"))
        assert found["w"].equal(torch.ones(2)) and (folder / "kept" / "net-0.pth").exists()
        try:
            torch.hub.load_state_dict_from_url(address, str(folder / "other"), check_hash=True)
        except RuntimeError as error:
            assert "invalid hash value" in str(error)
        assert not list((folder / "other").iterdir())
        torch.hub.set_dir(str(folder))
        assert torch.hub.get_dir() == str(folder)
        """
    )


def test_the_real_one_is_not_replaced():
    run(
        """
        import sys, types
        sys.modules["torch"] = types.ModuleType("torch")
        from neurarust import compat
        try:
            compat.install()
        except RuntimeError as error:
            assert "torch is already imported" in str(error)
        else:
            raise AssertionError
        """
    )


def test_paths_below_ours():
    module = importlib.import_module("neurarust.utils.data")
    assert module is nr.utils.data and module.DataLoader is nr.data.DataLoader
    names = {name for name in vars(nr.data) if name[0].isupper()}
    assert names <= vars(module).keys()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("neurarust.utils.tensorboard")
