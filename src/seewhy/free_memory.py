"""How much memory is free, on this machine and in the container that this may run in."""

from __future__ import annotations

from pathlib import Path

# Bytes that are assumed to be free where nothing says how many are.
ASSUMED = 2**31


def free_memory() -> int:
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
