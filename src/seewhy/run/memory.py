"""How much goes through a network at once."""

from __future__ import annotations

from types import ModuleType

from seewhy.free_memory import free_memory

# Bytes of changed activations that are held at once where only the tail runs again: more would
# not fit into a processor's cache.
TAIL = 2**25
# Images through the whole network at once: more are no faster. Without a compiler, large batches
# leave the cache between two operations (VGG16 on torch: 0.48 s an image by 8, 0.53 s by 32).
ON_CPU, UNCOMPILED, ON_ACCELERATOR = 16, 8, 128


# Of the free memory of an accelerator, the part that changed activations may take at once: what
# the network makes of them takes several times as much.
PART = 8


def at_once(backend: ModuleType, on_cpu: int) -> int:
    """Bytes of changed activations, or of gradients, that are held at once."""
    free = backend.free_memory()
    if free is None:
        return on_cpu
    # a power of two, so that chunks keep their shape while other things come and go
    return max(on_cpu, 1 << max(0, int(free // PART).bit_length() - 1))


def images_at_once(backend: ModuleType) -> int:
    """How many images use a device well."""
    if backend.free_memory() is not None:
        return ON_ACCELERATOR
    return ON_CPU if backend.COMPILES else UNCOMPILED


def fitting(backend: ModuleType, peak: int) -> int:
    """How many images fit into half of what is free, if each takes `peak` bytes."""
    free = backend.free_memory()
    return max(1, (free_memory() if free is None else free) // 2 // max(1, peak))
