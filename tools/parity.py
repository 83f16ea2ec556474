"""Writes docs/parity.md: which of PyTorch's public names are there, and why the rest is not.

python tools/parity.py          # needs torch, to know its names
"""

from __future__ import annotations

import importlib
import re
import types
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "docs" / "parity.md"
NAMESPACES = (
    "", "Tensor", "nn", "nn.functional", "nn.init", "nn.utils", "nn.utils.rnn",
    "nn.utils.parametrizations", "nn.utils.parametrize", "nn.utils.prune", "nn.utils.stateless",
    "optim", "optim.lr_scheduler", "optim.swa_utils", "linalg", "fft",
    "special", "distributions", "autograd", "autograd.functional", "func", "amp", "utils.data",
)  # fmt: skip

# Names that are left out on purpose, by pattern; the first that fits gives the reason.
REASONS = (
    (r"(^|_)(mkldnn|cudnn|miopen|fbgemm|xpu|mtia|ipu|hpu|vulkan|maia)", "one vendor's back end"),
    (r"^(is_(ipu|maia|mps|mtia|vulkan|xla|xpu)|mps_)", "one vendor's back end"),
    (r"quant|^q_|^q(scheme|scale)|int_repr|^(choose_qparams|GRID_SAMPLE)", "quantised tensors"),
    (r"^sparse$", "retired in PyTorch itself"),
    (r"sparse|_indices$|^(indices|values|coalesce|crow|ccol|smm|hspmm|sspaddmm|dense_dim)",
     "sparse tensors beyond coordinate lists"),
    (r"^(sym_|Sym|import_ir|parse_|merge_type|unify_type|fork$|wait$|jit|_jit|Script|.*Future$)",
     "PyTorch's own compilers"),
    (r"^(IterDataPipe|MapDataPipe|DFIterDataPipe|DataChunk|functional_datapipe|argument_validation|"
     r"guaranteed_|non_deterministic|runtime_validation)", "retired data pipes"),
    (r"^(Variable|variable|NestedIOFunction|DataParallel|Container|NLLLoss2d|CrossMapLRN2d)",
     "retired in PyTorch itself"),
    (r"(?i)(named_?tensor|^(align_|refine_names|rename|names$|has_names|unflatten_names))",
     "named tensors are experimental"),
    (r"(storage|data_ptr|share_memory|record_stream|pin_memory|set_num_|interop_threads)",
     "speaks of memory and threads, which XLA owns"),
    (r"^(.*Storage|.*Tensor)$", "old names of types"),
    (r"^(chalf|to_padded_tensor|is_coalesced|index)$",
     "of half-precision complex, nested or sparse tensors, or not documented"),
    (r"_copy$", "a view, copied: write `.clone()`"),
    (r"^(get|set)_deterministic_debug|fill_uninit|warn_always|flush_denormal|init_num_threads|multithreading|"
     r"grad_layout_policy", "switches of PyTorch's own kernels"),
    (r"(^native_|conv_tbc|scaled_(grouped_)?mm|grouped_mm|hash_tensor|compiled_with|from_file|typename|"
     r"DispatchKey|AggregationType|^Tag$|get_device_module|thread_safe_generator|factory_kwargs|"
     r"BroadcastingList|DType|ScalingType|SwizzleType|TYPE_CHECKING|assert_int|boolean_dispatch|"
     r"_torch_function|_notes$|OpaqueBase|_opaque_|swap_module_params|traceable_wrapper|"
     r"swap_in_|debug_unwrap|functionalize|rearrange)", "internals"),
    (r"^(constant|dirac|eye|(kaiming_|xavier_)?(normal|uniform)|orthogonal)$",
     "retired in PyTorch itself"),
)  # fmt: skip


def names_of(torch: Any, namespace: str) -> list[str]:
    """PyTorch's public, documented names in one namespace."""
    host = found(torch, namespace)
    listed = getattr(host, "__all__", None) if namespace != "Tensor" else None
    names = dir(host) if listed is None or namespace == "" else listed
    kept = []
    for name in sorted(set(names)):
        thing = getattr(host, name, None)
        if name.startswith("_") or thing is None or isinstance(thing, types.ModuleType):
            continue
        documented = bool(str(getattr(thing, "__doc__", None) or "").strip())
        if namespace in ("", "Tensor") and not (documented and callable(thing)):
            continue
        if getattr(thing, "__module__", None) in ("abc", "typing", "collections.abc"):
            continue
        kept.append(name)
    return kept


def found(root: Any, path: str) -> Any:
    """What stands under a dotted path, or None."""
    for part in filter(None, path.split(".")):
        root = getattr(root, part, None)
    return root


def reason(name: str) -> str | None:
    """Why a name is left out; None if it is simply missing."""
    return next((why for pattern, why in REASONS if re.search(pattern, name)), None)


def compare() -> dict[str, tuple[int, dict[str, str | None]]]:
    """For each namespace: how many names PyTorch has, and those that are not here."""
    torch = importlib.import_module("torch")
    # Not imported with torch itself.
    importlib.import_module("torch.nn.utils.prune")
    ours = importlib.import_module("neurarust")
    rows = {}
    for namespace in NAMESPACES:
        host = found(ours, namespace)
        names = names_of(torch, namespace)
        rows[namespace] = (
            len(names),
            {name: reason(name) for name in names if getattr(host, name, None) is None},
        )
    return rows


def text(rows: dict[str, tuple[int, dict[str, str | None]]]) -> str:
    """The document."""
    lines = [
        "# Parity with PyTorch",
        "",
        "Written by `python tools/parity.py` against the names of torch 2.13; a test holds it",
        "to the code. *Meant* leaves out what is left out on purpose.",
        "",
        "| namespace | names | here | of those meant |",
        "| --- | --- | --- | --- |",
    ]
    for namespace, (count, missing) in rows.items():
        meant = count - sum(why is not None for why in missing.values())
        here = count - len(missing)
        share = here / meant if meant else 1.0
        lines.append(f"| `torch.{namespace}` | {count} | {here} | {share:.1%} |".replace(".`", "`"))
    lines += ["", "## Left out on purpose", ""]
    reasons: dict[str, list[str]] = {}
    for namespace, (_, missing) in rows.items():
        for name, why in missing.items():
            reasons.setdefault(why or "", []).append(f"{namespace}.{name}".lstrip("."))
    for why in sorted(filter(None, reasons)):
        lines.append(f"- {why}: " + ", ".join(f"`{one}`" for one in reasons[why]) + ".")
    lines += ["", "## Missing", ""]
    missing = reasons.get("", [])
    lines.append(", ".join(f"`{one}`" for one in missing) + "." if missing else "Nothing.")
    return "\n".join(lines) + "\n"


def main() -> None:
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text(compare()))


if __name__ == "__main__":
    main()
