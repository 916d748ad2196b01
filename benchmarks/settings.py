"""Which instructions each library may use: three ways to compare."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

NARROW_MKL = {"MKL_ENABLE_INSTRUCTIONS": "AVX2"}
NARROW = NARROW_MKL | {
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4,AVX512_ICL,AVX512_SPR",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
}
SETTINGS: dict[str, tuple[str, dict[str, str]]] = {
    "own": ("each library's own choice of instructions", {}),
    "avx2": ("all libraries held to AVX2", NARROW),
    "mkl": ("MKL held to AVX2, as on AMD's processors", NARROW_MKL),
}


def wide() -> bool:
    """Whether this processor has AVX-512, so that the settings differ."""
    info = Path("/proc/cpuinfo")
    return info.exists() and "avx512f" in info.read_text(encoding="utf-8")


def processor() -> str:
    """The name of the processor, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return "an unknown processor"
    lines = info.read_text(encoding="utf-8").splitlines()
    names = [
        line.split(":")[1].strip() for line in lines if "model name" in line
    ]
    return f"{names[0]}, {os.cpu_count()} cores" if names else "unknown"


def in_effect() -> str:
    """What the libraries themselves say that they use."""
    found = []
    maps = Path("/proc/self/maps")
    lines = (
        maps.read_text(encoding="utf-8").splitlines() if maps.exists() else []
    )
    for path in sorted({x.split()[-1] for x in lines if "openblas" in x}):
        library = ctypes.CDLL(path)
        for name in ("scipy_openblas_get_corename64_", "openblas_get_corename"):
            if hasattr(library, name):
                ask = getattr(library, name)
                ask.restype = ctypes.c_char_p
                found.append(f"OpenBLAS runs its kernel {ask().decode()}")
    if "torch" in sys.modules:
        capability = sys.modules["torch"].backends.cpu.get_cpu_capability()
        found.append(f"PyTorch's own loops {capability}")
    return ", ".join(found)
