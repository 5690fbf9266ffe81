"""Ray itself: found, begun where it does not run, and its processors and GPUs shared out."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import floor
from threading import Thread
from typing import Any

from seewhy.datasets.run_options import MOST_WORKERS
from seewhy.errors import DependencyError, StoreError
from seewhy.progress import quiet

REACHED = 10.0
"""Seconds in which the head of a cluster answers, and in which threads end with Ray."""


def ray_package() -> Any:
    """Ray, with its part for data. Raises DependencyError where it is not installed."""
    try:
        with _no_connection_by_itself():
            import ray
        import ray.data
    except ImportError as error:
        raise DependencyError(
            f"engine 'ray' needs Ray Data, which is not installed ({error}): "
            f"pip install 'seewhy[ray]', on all machines of the cluster."
        ) from error
    return ray


@contextmanager
def connected(ray: Any) -> Iterator[list[Thread]]:
    """Ray, as it runs in this process; or else the cluster of RAY_ADDRESS; or else its own.

    Gives a list for threads that use it: they are waited for, so that none tells of its end.
    """
    threads: list[Thread] = []
    logger = logging.getLogger("ray.data")
    level = logger.level
    context = ray.data.DataContext.get_current()
    bars, context.enable_progress_bars = context.enable_progress_bars, False
    begun_here = not ray.is_initialized()
    try:
        if begun_here:
            _begin(ray)
        logger.setLevel(logging.CRITICAL)  # what fails is told by what it raises
        yield threads
    finally:
        if begun_here:
            ray.shutdown()
            for thread in threads:
                thread.join(REACHED)
        logger.setLevel(level)
        context.enable_progress_bars = bars


def _begin(ray: Any) -> None:
    address = os.environ.get("RAY_ADDRESS")
    how: dict[str, Any] = {"logging_level": logging.CRITICAL, "log_to_driver": False}
    if not address:  # one more than there are, to hand out parts; logical, so that it costs nothing
        how |= {"num_cpus": (os.cpu_count() or 1) + 1, "include_dashboard": False}
    # of what goes wrong in a worker the run tells; the rest stands in Ray's own logs
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        if address:
            _check_address(address)
        with quiet():
            ray.init(**how)
    except Exception as error:
        where = f"at RAY_ADDRESS={address!r}" if address else "on this machine"
        raise StoreError(
            f"Ray cannot be reached {where} ({error}). RAY_ADDRESS is host:port of the cluster's "
            f"head; without it, Ray is begun on this machine."
        ) from error


def _check_address(address: str) -> None:
    """Raises OSError where nobody answers: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), REACHED).close()


@contextmanager
def _no_connection_by_itself() -> Iterator[None]:
    """Within, Ray is imported so that it begins only where it is told to: a thread that asks it for
    something after its end would begin it again."""
    name = "RAY_ENABLE_AUTO_CONNECT"
    given = os.environ.get(name)
    os.environ[name] = given or "0"
    try:
        yield
    finally:
        if given is None:
            del os.environ[name]


@dataclass(frozen=True)
class Pool:
    """The workers, and what each of them has."""

    size: int
    cpus: float
    gpus: float
    threads: int
    """Threads of a worker that read photos."""

    @classmethod
    def of(cls, ray: Any, size: int | None) -> Pool:
        """size: how many workers; None for one a GPU, or without GPUs, one a machine."""
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        cpus = [float(node.get("CPU", 0)) for node in nodes]
        gpus = sum(float(node.get("GPU", 0)) for node in nodes)
        count = size or int(gpus) or sum(each >= 1 for each in cpus) or 1
        threads = max(1, min(MOST_WORKERS, int(sum(cpus)) // count))
        own = _share(cpus, count)
        if gpus:
            share = 1.0 if gpus >= count else floor(100 * gpus / count) / 100
            return cls(count, min(1.0, own), share, threads)
        return cls(count, own, 0.0, threads)


def _share(cpus: list[float], count: int) -> float:
    """Processors of each of so many workers, one being left: Ray Data needs it to hand out."""
    free = sorted(cpus)
    if free:
        free[-1] -= 1
    for own in range(int(free[-1]) if free else 0, 0, -1):
        if sum(each // own for each in free) >= count:
            return float(own)
    return max(0.0, floor(100 * sum(free) / count) / 100)
