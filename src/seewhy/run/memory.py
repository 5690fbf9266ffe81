"""How much goes through a network at once."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

# Bytes of changed activations that are held at once where only the tail runs again: more would
# not fit into a processor's cache.
TAIL = 2**25
# Images through the whole network at once: more are no faster. Without a compiler, large batches
# leave the cache between two operations (VGG16 on torch: 0.48 s an image by 8, 0.53 s by 32).
ON_CPU, UNCOMPILED, ON_ACCELERATOR = 16, 8, 128
# Bytes that are assumed to be free where nothing says how many are.
ASSUMED = 2**31


def images_at_once(backend: ModuleType) -> int:
    """How many images use a device well."""
    if backend.free_memory() is not None:
        return ON_ACCELERATOR
    return ON_CPU if backend.COMPILES else UNCOMPILED


def fitting(backend: ModuleType, peak: int) -> int:
    """How many images fit into half of what is free, if each takes `peak` bytes."""
    free = backend.free_memory()
    return max(1, (_free() if free is None else free) // 2 // max(1, peak))


def _free() -> int:
    """Free bytes of this machine, and of the container that this may run in."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        available = next(line for line in lines if line.startswith("MemAvailable:"))
        free = int(available.split()[1]) * 1024
    except (OSError, StopIteration, ValueError, IndexError):
        return ASSUMED
    return min(free, _allowed())


def _allowed() -> int:
    folder = Path("/sys/fs/cgroup")
    try:
        limit = int((folder / "memory.max").read_text())
        return max(0, limit - int((folder / "memory.current").read_text()))
    except (OSError, ValueError):  # no container, or one without a limit
        return 2**62
