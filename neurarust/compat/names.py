"""Names that PyTorch has and `neurarust` does not, by path: what they mean here, or why not.

A name that would do something else than PyTorch's is refused, which raises when it is used. A
hint to a compiler, a choice among PyTorch's own kernels or a wait for its streams does nothing.
"""

from __future__ import annotations

import datetime
import functools
import multiprocessing
import os
from collections.abc import Iterable, Sequence
from typing import IO, Any, TypeVar

from .. import (
    Size,
    Tensor,
    autograd,
    compile,
    default_generator,
    device,
    dtype,
    from_dlpack,
    initial_seed,
    layout,
    nn,
    to_dlpack,
)
from ..amp import GradScaler, autocast
from ..core.tensor.gradients import GradFn, RemovableHandle
from ..profiler import record_function
from . import jit, layers, standins
from .hints import NoEffect, hint, no, none_there, nothing
from .refusal import all_refused, refused
from .version import __version__

_ONE_PROCESS = (
    "a script is one process here, and torch.distributed.is_available() says so. Ask that first, "
    "or start the script without a launcher"
)
_NO_FORK = (
    "another process would import the real torch, or none. Threads share tensors and their work: "
    "use threading or concurrent.futures"
)
_NO_GRAPH = "there are no graphs of PyTorch's; nr.jit or torch.compile makes one program"
_NO_ONNX = "models are not written as ONNX; torch.save(model.state_dict(), path) is read by PyTorch"
_NO_INT8 = "there are no quantized types; model.to(torch.bfloat16) or torch.autocast saves memory"
_NO_HOOKS = (
    "a backward pass is one program that XLA plans, and no saved tensor can be had. To save "
    "memory, use torch.utils.checkpoint"
)
_NO_DUALS = (
    "a tensor carries no tangent. nr.func.jvp(function, primals, tangents), which is also "
    "torch.func.jvp, gives a function's output and its tangent"
)
_NO_TIMER = (
    "what nobody reads is never computed here, so that a statement's time would mean nothing. Time "
    "a loop that ends in torch.cuda.synchronize() or .item(), or see nr.profiler.profile"
)
_NO_SOURCES = "C++ and CUDA sources of PyTorch's cannot be loaded; write the function in Python"
_NO_STORAGE = "tensors have no storage to be handled; use views, or .numpy() for bytes"
_NO_CAPTURE = "each pass of a loop is one cached program already, or use nr.jit"

_REDUCED = standins.ReduceOp
_NONE_THERE = {"is_available": no, "device_count": none_there}

NAMES: dict[str, dict[str, Any]] = {
    "torch": {
        "__version__": __version__, "_assert": standins.assert_true, "typename": standins.typename,
    },
    "functorch": all_refused(
        "functorch", "use functorch.functional_call and stack_module_state",
        "make_functional make_functional_with_buffers combine_state_for_ensemble",
    ),
    "torch._C": {
        "_get_tracing_state": nothing, "_log_api_usage_once": nothing,
    },
    "torch._dynamo": {
        "disable": hint, "allow_in_graph": hint, "assume_constant_result": hint,
        "disallow_in_graph": hint, "forbid_in_graph": hint, "run": hint, "skip": hint,
        "is_compiling": no, "reset": nothing, "graph_break": nothing, "mark_dynamic": nothing,
        "maybe_mark_dynamic": nothing, "mark_static": nothing, "mark_static_address": nothing,
        "set_stance": NoEffect, "optimize": lambda *_, **__: compile,
        **all_refused("torch._dynamo", _NO_GRAPH,
                      "OptimizedModule explain export register_backend"),
    },
    "torch._tensor": {"Tensor": Tensor},
    "torch._utils": {
        "_flatten_dense_tensors": standins.flatten_dense_tensors,
        "_unflatten_dense_tensors": standins.unflatten_dense_tensors,
        "_log_api_usage_once": nothing,
    },
    "torch.autograd": {"Variable": standins.Variable},
    "torch.autograd.function": {"InplaceFunction": autograd.Function},
    "torch.autograd.forward_ad": all_refused(
        "torch.autograd.forward_ad", _NO_DUALS,
        "UnpackedDualTensor dual_level enter_dual_level exit_dual_level make_dual unpack_dual",
    ),
    "torch.autograd.graph": {
        "Node": GradFn,
        **all_refused(
            "torch.autograd.graph", _NO_HOOKS,
            "GradientEdge allow_mutation_on_saved_tensors disable_saved_tensors_hooks "
            "get_gradient_edge increment_version register_multi_grad_hook save_on_cpu "
            "saved_tensors_hooks",
        ),
    },
    "torch.compiler": {
        "compile": compile, "disable": hint, "allow_in_graph": hint,
        "assume_constant_result": hint, "nested_compile_region": hint, "wrap_numpy": hint,
        "is_compiling": no, "is_dynamo_compiling": no, "is_exporting": no, "reset": nothing,
        "cudagraph_mark_step_begin": nothing, "set_stance": NoEffect,
        **all_refused("torch.compiler", _NO_GRAPH, "list_backends substitute_in_graph"),
    },
    "torch.cpu": {
        "is_available": lambda: True, "device_count": lambda: 1, "current_device": lambda: "cpu",
        "synchronize": nothing, "current_stream": nothing, "stream": NoEffect,
    },
    "torch.cpu.amp": {
        "autocast": functools.partial(autocast, "cpu"),
        "GradScaler": functools.partial(GradScaler, "cpu"),
    },
    "torch.cuda": {
        "get_rng_state_all": standins.get_rng_state_all,
        "set_rng_state_all": standins.set_rng_state_all, "initial_seed": initial_seed,
        "ipc_collect": nothing, "is_current_stream_capturing": no,
        **all_refused("torch.cuda", _NO_CAPTURE, "CUDAGraph graph make_graphed_callables"),
    },
    "torch.cuda.nvtx": {
        "range_push": nothing, "range_pop": nothing, "mark": nothing,
        "range": record_function,
    },
    "torch.distributed": {
        "is_available": no, "is_initialized": no, "is_gloo_available": no, "is_mpi_available": no,
        "is_nccl_available": no, "is_torchelastic_launched": no, "is_ucc_available": no,
        "is_backend_available": no, "ReduceOp": _REDUCED, "reduce_op": _REDUCED,
        "group": standins.group, "GroupMember": standins.group,
        "default_pg_timeout": datetime.timedelta(minutes=30),
        **all_refused(
            "torch.distributed", _ONE_PROCESS,
            "Backend DeviceMesh FileStore HashStore P2POp PrefixStore ProcessGroup Store TCPStore "
            "Work all_gather all_gather_into_tensor all_gather_object all_reduce all_to_all "
            "all_to_all_single barrier batch_isend_irecv broadcast broadcast_object_list "
            "destroy_process_group gather gather_object get_backend get_global_rank "
            "get_group_rank get_node_local_rank get_rank get_world_size init_device_mesh "
            "init_process_group irecv isend monitored_barrier new_group new_subgroups recv reduce "
            "reduce_scatter reduce_scatter_tensor scatter scatter_object_list send",
        ),
    },
    "torch.distributed.device_mesh": all_refused(
        "torch.distributed.device_mesh", _ONE_PROCESS, "DeviceMesh init_device_mesh"
    ),
    "torch.distributed.elastic.multiprocessing.errors": {"record": hint},
    "torch.distributed.fsdp": all_refused(
        "torch.distributed.fsdp", _ONE_PROCESS,
        "BackwardPrefetch CPUOffload FullStateDictConfig FullyShardedDataParallel MixedPrecision "
        "ShardingStrategy StateDictType fully_shard",
    ),
    "torch.distributed.fsdp.wrap": all_refused(
        "torch.distributed.fsdp.wrap", _ONE_PROCESS,
        "ModuleWrapPolicy enable_wrap size_based_auto_wrap_policy transformer_auto_wrap_policy "
        "wrap",
    ),
    "torch.distributed.optim": all_refused(
        "torch.distributed.optim", _ONE_PROCESS, "ZeroRedundancyOptimizer"
    ),
    "torch.export": all_refused("torch.export", _NO_GRAPH, "Dim ExportedProgram export load save"),
    "torch.futures": {"Future": jit.Future, "wait_all": lambda them: [one.wait() for one in them]},
    "torch.fx": {
        "wrap": hint,
        **all_refused(
            "torch.fx", _NO_GRAPH,
            "CodeGen Graph GraphModule Interpreter Node Proxy Tracer Transformer replace_pattern "
            "symbolic_trace",
        ),
    },
    "torch.library": all_refused(
        "torch.library", "write the function in Python, with autograd.Function for its gradient",
        "Library custom_op define impl register_autograd register_fake register_kernel triton_op",
    ),
    "torch.masked": all_refused(
        "torch.masked", "there are no masked tensors; use torch.where or masked_fill",
        "MaskedTensor as_masked_tensor is_masked_tensor masked_tensor",
    ),
    "torch.mps": _NONE_THERE | all_refused(
        "torch.mps", "there is no such device; torch.backends.mps.is_available() says so",
        "current_allocated_memory driver_allocated_memory empty_cache manual_seed "
        "set_per_process_memory_fraction synchronize",
    ),
    "torch.multiprocessing": {
        **{name: getattr(multiprocessing, name) for name in multiprocessing.__all__},
        "get_all_sharing_strategies": lambda: {"file_system"},
        "get_sharing_strategy": lambda: "file_system", "set_sharing_strategy": nothing,
        **all_refused(
            "torch.multiprocessing", _NO_FORK,
            "Manager Pool Process ProcessContext SpawnContext get_context spawn start_processes",
        ),
    },
    "torch.nested": all_refused(
        "torch.nested", "there are no nested tensors; use torch.nn.utils.rnn.pad_sequence",
        "as_nested_tensor nested_tensor nested_tensor_from_jagged narrow to_padded_tensor",
    ),
    "torch.nn": {"DataParallel": layers.DataParallel},
    "torch.nn.attention": {
        "SDPBackend": standins.SDPBackend, "sdpa_kernel": standins.sdpa_kernel,
        "WARN_FOR_UNFUSED_KERNELS": False,
    },
    "torch.nn.attention.bias": all_refused(
        "torch.nn.attention.bias", "give scaled_dot_product_attention is_causal or attn_mask",
        "CausalBias CausalVariant causal_lower_right causal_upper_left",
    ),
    "torch.nn.attention.flex_attention": all_refused(
        "torch.nn.attention.flex_attention",
        "give scaled_dot_product_attention a bool or float attn_mask",
        "BlockMask and_masks create_block_mask create_mask flex_attention noop_mask or_masks",
    ),
    "torch.nn.common_types": {
        **standins.sizes("size", int), **standins.sizes("ratio", float),
        **standins.sizes("scalar_or_tuple", Any), "Tensor": Tensor,
        "_size_any_opt_t": int | tuple[int | None, ...] | None,
        "_size_2_opt_t": int | tuple[int | None, int | None] | None,
        "_size_3_opt_t": int | tuple[int | None, int | None, int | None] | None,
        "_tensor_list_t": Tensor | list[Tensor],
    },
    "torch.nn.init": layers.INIT,
    "torch.nn.modules": layers.MODULES,
    "torch.nn.parallel": layers.PARALLEL,
    "torch.nn.parameter": {
        "UninitializedBuffer": nn.UninitializedBuffer,
        "UninitializedParameter": nn.UninitializedParameter,
    },
    "torch.onnx": {
        "is_in_onnx_export": no,
        **all_refused("torch.onnx", _NO_ONNX,
                      "ExportOptions ONNXProgram OperatorExportTypes TrainingMode dynamo_export "
                      "export register_custom_op_symbolic symbolic_helper"),
    },
    "torch.optim.optimizer": {"ParamsT": Iterable, "params_t": Iterable},
    "torch.overrides": {
        "has_torch_function": standins.has_torch_function,
        "is_tensor_like": standins.is_tensor_like,
        **all_refused(
            "torch.overrides", "__torch_function__ is not asked; subclass Tensor or use hooks",
            "TorchFunctionMode get_overridable_functions handle_torch_function "
            "wrap_torch_function",
        ),
    },
    "torch.profiler": all_refused(
        "torch.profiler", "use nr.profiler.profile for times and nr.profiler.trace for a file",
        "emit_itt emit_nvtx",
    ),
    "torch.quasirandom": {
        "SobolEngine": refused("torch.quasirandom.SobolEngine", "use scipy.stats.qmc.Sobol"),
    },
    "torch.random": {"default_generator": default_generator},
    "torch.serialization": all_refused(
        "torch.serialization", "give torch.load map_location, or a function for it",
        "default_restore_location register_package",
    ),
    "torch.storage": all_refused(
        "torch.storage", _NO_STORAGE, "TypedStorage UntypedStorage _LegacyStorage _TypedStorage"
    ),
    "torch.testing": {"assert_allclose": standins.assert_allclose},
    "torch.types": {
        "Device": device | str | int | None, "FileLike": str | os.PathLike | IO[bytes],
        "Number": int | float | bool, "Size": Size, "Tensor": Tensor, "_bool": bool,
        "_complex": complex, "_device": device, "_dtype": dtype, "_float": float, "_int": int,
        "_layout": layout, "_size": Size | list[int] | tuple[int, ...], "_str": str,
        "_TensorOrTensors": Tensor | Sequence[Tensor],
    },
    "torch.torch_version": {"__version__": __version__},
    "torch.utils.benchmark": all_refused(
        "torch.utils.benchmark", _NO_TIMER, "Compare Fuzzer Measurement Timer"
    ),
    "torch.utils.checkpoint": all_refused(
        "torch.utils.checkpoint", "use checkpoint(function, *args, policy=...); see nr.checkpoint",
        "CheckpointFunction CheckpointPolicy SelectiveCheckpointContext "
        "create_selective_checkpoint_contexts",
    ),
    "torch.utils.cpp_extension": all_refused(
        "torch.utils.cpp_extension", _NO_SOURCES,
        "BuildExtension CUDAExtension CppExtension include_paths library_paths load load_inline",
    ) | {"CUDA_HOME": None, "ROCM_HOME": None},
    "torch.utils.data": {
        "DistributedSampler": refused("torch.utils.data.DistributedSampler", _ONE_PROCESS),
        "T_co": TypeVar("T_co", covariant=True),
        **all_refused("torch.utils.data.dataloader", "subclass DataLoader, Sampler or Dataset",
                      "_BaseDataLoaderIter _MultiProcessingDataLoaderIter "
                      "_SingleProcessDataLoaderIter"),
    },
    "torch.utils.dlpack": {"from_dlpack": from_dlpack, "to_dlpack": to_dlpack},
    "torch.utils.flop_counter": all_refused(
        "torch.utils.flop_counter", "nr.profiler.profile and nr.summary count operations",
        "FlopCounterMode register_flop_formula",
    ),
    "torch.utils.hooks": {
        "RemovableHandle": RemovableHandle,
        **all_refused("torch.utils.hooks", "use Module.register_full_backward_hook",
                      "BackwardHook unserializable_hook warn_if_has_hooks"),
    },
    "torch.utils.mobile_optimizer": all_refused(
        "torch.utils.mobile_optimizer", _NO_GRAPH, "optimize_for_mobile"
    ),
    "torch.version": {"__version__": __version__},
    "torch.xpu": _NONE_THERE | all_refused(
        "torch.xpu", "there is no such device; torch.xpu.is_available() says so",
        "current_device empty_cache get_device_name manual_seed set_device synchronize",
    ),
}  # fmt: skip

_QUANTIZED = (
    "DeQuantStub FakeQuantize HistogramObserver MinMaxObserver ObserverBase QConfig QuantStub "
    "QuantWrapper convert default_qconfig fuse_modules get_default_qat_qconfig get_default_qconfig "
    "prepare prepare_qat quantize quantize_dynamic"
)
for _path in ("torch.quantization", "torch.ao.quantization"):
    NAMES[_path] = all_refused(_path, _NO_INT8, _QUANTIZED)
