"""Variables of the environment that reach what TensorFlow computes.

Those that change what is trained are refused by name. Those that may change the last bits of numbers, as another processor
does, are recorded with a training and compared when it resumes. What TensorFlow is told explicitly (threads, determinism) or
what concerns memory, logs and dumps is neither.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ablate.errors import AblateError

_MOST_FLAGS = 65536  # bytes of a file of flags that are read
_OFF = ("", "0", "false", "no", "off")

# Variables that may change last bits, by pattern. TF_* alone is not one: Terraform's secrets are called so, too.
_BITS = (
    *("TF_ENABLE_*", "TF_DISABLE_*", "TF_USE_*", "TF_CONV2D_*", "TF_CUDNN_*", "TF_CUBLAS*", "TF_MATMUL_*", "TF_FP16_*"),
    *("TF_ONEDNN_*", "TF_SET_ONEDNN_*", "TF_MKL_*", "TF_XLA_*", "TF_AUTOTUNE_*", "TF_FUNCTION_*", "TF_JIT*", "TF_MLIR_*"),
    *("XLA_FLAGS", "ONEDNN_*", "DNNL_*", "ZENDNN_*", "ITEX_*", "MKL_*", "OMP_NUM_THREADS", "GLIBC_TUNABLES"),
    *("NVIDIA_TF32_OVERRIDE", "CUBLAS_*", "CUBLASLT_*", "CUDNN_*", "MIOPEN_*", "ROCBLAS_*", "HIPBLASLT_*"),
)
_NO_BITS = (
    *("*_VERBOSE*", "*_LOG*", "*DUMP*", "*DEBUG*", "*_CACHE*", "*ALLOC*", "*MEMORY*", "*PROFIL*"),
    *("TF_USE_LEGACY_KERAS", "TF_ENABLE_GPU_GARBAGE_COLLECTION", "TF_USE_MODULAR_FILESYSTEM"),
)
_NO_BITS_FLAG = re.compile(r"dump|log|profile|data_dir|cache|vmodule|verbos|memory")
_PLAIN = re.compile(r"[\w.,:=+ -]{0,300}")  # a value that is a setting, not a path or a secret

_KERAS_VALUES: Mapping[str, tuple[Any, ...]] = {
    "floatx": ("float16", "float32", "float64"),
    "image_data_format": ("channels_last", "channels_first"),
}

INSTRUCTIONS = (  # of processors, on which kernels are chosen
    *("sse4_1", "avx", "fma", "avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_int8", "amx_bf16", "amx_fp16", "asimd", "asimddp", "bf16", "i8mm", "sve", "sve2"),
)


def _on(value: str) -> bool:
    return value.strip().lower() not in _OFF


def _reduced(value: str) -> bool:
    return value.strip().upper() not in ("", "STRICT")


def _clusters(value: str) -> bool:
    """Whether flags of TF_XLA_FLAGS compile parts of graphs with XLA, which draws other random numbers."""
    levels = re.findall(r"tf_xla_auto_jit=([^\s'\"]+)", " ".join(flags(value)))
    return bool(levels) and levels[-1] not in ("0", "-1")


# A variable, whether a value of it changes what is trained, and what helps.
_REFUSED: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "TF_XLA_FLAGS": (_clusters, "Take --tf_xla_auto_jit out of it."),
    "TF_FUNCTION_JIT_COMPILE_DEFAULT": (_on, "Unset it."),
    "TF_ONEDNN_ASSUME_FROZEN_WEIGHTS": (_on, "Unset it."),
    "TF_ENABLE_AUTO_MIXED_PRECISION": (_on, "Unset it; precision=bfloat16 trains in a lower precision."),
    "TF_ENABLE_AUTO_MIXED_PRECISION_GRAPH_REWRITE": (_on, "Unset it; precision=bfloat16 trains in a lower precision."),
    "TF_SET_ONEDNN_FPMATH_MODE": (_reduced, "Unset it; precision=bfloat16 trains in a lower precision."),
    "ONEDNN_DEFAULT_FPMATH_MODE": (_reduced, "Unset it; precision=bfloat16 trains in a lower precision."),
    "DNNL_DEFAULT_FPMATH_MODE": (_reduced, "Unset it; precision=bfloat16 trains in a lower precision."),
    "NVIDIA_TF32_OVERRIDE": (_on, "Unset it, or set it to 0."),
}


def check(variables: Mapping[str, str] = os.environ) -> None:
    """Refuse variables that change what is trained.

    Raises:
        AblateError: names the first of them, its value, and what to do.
    """
    for name, (changes, remedy) in _REFUSED.items():
        value = variables.get(name)
        if value is not None and changes(value):
            raise AblateError(f"The environment variable {name}={visible(value)} changes what is trained. {remedy}")


def keras_file(variables: Mapping[str, str] = os.environ) -> Path:
    """The file that Keras reads when it is imported."""
    home = os.path.expanduser("~")  # noqa: PTH111  without a home this stays as it is, where Path.expanduser fails
    folder = f"{home if os.access(home, os.W_OK) else '/tmp'}/.keras"
    return Path(variables.get("KERAS_HOME", folder)) / "keras.json"


def unusual_keras(file: Path) -> str | None:
    """The text of Keras's file where Keras may not start with it; None where it does, or there is none."""
    try:
        with file.open("rb") as stream:
            text = stream.read(_MOST_FLAGS).decode(errors="replace")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        return repr(error)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return text
    plain = isinstance(content, dict) and all(content.get(name, known[0]) in known for name, known in _KERAS_VALUES.items())
    return None if plain and isinstance(content.get("epsilon", 1e-7), float) else text


def visible(text: str) -> str:
    """A value in a message: short, and on one line."""
    return text if text.isprintable() and len(text) <= 200 else "…"


def found(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that may change last bits, by name; of values that may hold a path or a secret only a digest."""
    kept = {}
    for name in sorted(variables):
        if any(fnmatchcase(name, each) for each in _BITS) and not any(fnmatchcase(name, each) for each in _NO_BITS):
            value = _relevant(name, variables[name])
            if value:
                kept[name] = value if _PLAIN.fullmatch(value) else f"sha256 {hashlib.sha256(value.encode()).hexdigest()[:8]}"
    return kept


def _relevant(name: str, value: str) -> str:
    """The part of a value that may change bits."""
    if name in ("XLA_FLAGS", "TF_XLA_FLAGS"):
        return " ".join(sorted(flag for flag in flags(value) if not _NO_BITS_FLAG.search(flag.partition("=")[0])))
    if name == "GLIBC_TUNABLES":
        return ":".join(part for part in value.split(":") if part.startswith("glibc.cpu."))
    return value.strip()


def flags(value: str) -> list[str]:
    """The flags of XLA_FLAGS or TF_XLA_FLAGS; a value that begins with no dash names a file of them."""
    if value.strip() and not value.strip().startswith("-"):
        try:
            with Path(value.strip()).open("rb") as stream:
                value = stream.read(_MOST_FLAGS).decode(errors="replace")
        except (OSError, ValueError):
            return []
    return value.split()


def instructions(cpuinfo: Sequence[str]) -> list[str]:
    """The instruction sets of a processor that kernels are chosen by, from the lines of /proc/cpuinfo."""
    line = next((line for line in cpuinfo if line.startswith(("flags", "Features"))), "")
    there = set(line.partition(":")[2].split())
    return [name for name in INSTRUCTIONS if name in there]


def changes(begun: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two segments of env.json and may change last bits: one "what: before → now" each.

    What a segment of an older version does not hold is not compared.
    """
    before, after = _compared(begun), _compared(now)
    unknown = "environment" not in begun or "environment" not in now
    names = [name for name in {**before, **after} if not unknown or (name in before and name in after)]
    return [
        f"{name}: {before.get(name, 'unset')} → {after.get(name, 'unset')}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def _compared(segment: Mapping[str, Any]) -> dict[str, str]:
    versions, there = _mapping(segment.get("versions")), _mapping(segment.get("environment"))
    plain = {
        "device": segment.get("device"),
        **{name: versions.get(name) for name in ("tensorflow", "keras", "numpy")},
        **{name: there.get(name) for name in ("cuda", "cudnn")},
        "instruction sets": _listed(there.get("instructions")),
        **_mapping(there.get("variables")),
    }
    return {name: str(value) for name, value in plain.items() if value is not None}


def _listed(names: Any) -> str | None:
    return " ".join(map(str, names)) if isinstance(names, list) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
