"""A run on the machines of a Ray cluster, or on this one's processors: Ray Data hands out parts."""

from __future__ import annotations

import json
import logging
import os
import queue
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import floor
from typing import Any

from seewhy.datasets.engines.ray_worker import Job, PartWorker, Progress, described, raise_problem
from seewhy.datasets.engines.recipe import Recipe
from seewhy.datasets.manifest import check_same, read_manifest, write_manifest
from seewhy.datasets.places.address import secrets
from seewhy.datasets.places.places import whole
from seewhy.datasets.run_options import MOST_WORKERS
from seewhy.datasets.run_photos import Begun, Run, RunState, Told
from seewhy.errors import DependencyError, StoreError

LOOK = 0.5
"""Seconds between two looks at how far the workers are."""
LATE, PATIENCE = 60.0, 300.0
"""Seconds without a sign of life: after which it is said that no worker has begun, and after which
the workers are lost."""
REACHED = 10.0
"""Seconds in which the head of a cluster answers."""
_END = object()


def ray_package() -> Any:
    """Ray, with its part for data. Raises DependencyError where it is not installed."""
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise DependencyError(
            f"engine 'ray' needs Ray Data, which is not installed ({error}): "
            f"pip install 'seewhy[ray]', on all machines of the cluster."
        ) from error
    return ray


def run_on_ray(
    recipe: Recipe, begun: Begun, told: Told | None, stop: Callable[[], bool] | None
) -> RunState:
    """Do the parts of a store that are missing. See `run_photos`."""
    ray = ray_package()
    with _connected(ray):
        pool = Pool.of(ray, begun.options.workers)
        options = replace(begun.options, workers=pool.threads)
        place = whole(str(begun.store))
        job = Job(place, options, begun.asked, recipe.backend, secrets())
        sent = ray.put(recipe)
        if read_manifest(begun.store) is None:
            _describe(ray, sent, job, pool, begun)
        else:
            check_same(begun.store, read_manifest(begun.store) or {}, begun.asked)
        state = RunState()
        run = Run(begun.store, begun.plan, begun.options, state, told or (lambda _: None))
        todo = run.todo()
        run.told(state)
        if todo:
            Watch(ray, run, stop or (lambda: False)).go(sent, job, todo, pool)
        return state


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


def _describe(ray: Any, sent: Any, job: Job, pool: Pool, begun: Begun) -> None:
    """Write the manifest, which needs the model: in a process of Ray's, where the devices are."""
    once = ray.remote(max_calls=1)(described)  # so that its process frees the device
    task = once.options(
        num_cpus=pool.cpus, num_gpus=pool.gpus, max_retries=3, runtime_env=job.environment
    )
    answer = ray.get(task.remote(sent, job))
    if "problem" in answer:
        raise_problem(answer["problem"])
    write_manifest(begun.store, answer["manifest"])


class Watch:
    """One run: looks at its workers, and counts what they have done."""

    def __init__(self, ray: Any, run: Run, stop: Callable[[], bool]) -> None:
        self._ray, self._run, self._stop = ray, run, stop
        self._answers: queue.Queue[Any] = queue.Queue()
        self._finished: list[int] = []
        self._done = self._unreadable = 0
        self._beats, self._since, self._warned = 0, time.monotonic(), False

    def go(self, sent: Any, job: Job, todo: list[int], pool: Pool) -> None:
        """Do these parts. Raises what the workers raise, and StoreError where they are lost."""
        progress = self._ray.remote(Progress).options(num_cpus=0, max_restarts=-1).remote()
        before = self._run.state.unreadable
        dataset = self._dataset(sent, job, todo, pool, progress)
        threading.Thread(target=self._read, args=(dataset,), daemon=True).start()
        try:
            while (answer := self._next()) is not _END:
                if isinstance(answer, Exception):
                    raise _told(answer) from answer
                if answer is not None:
                    self._take(answer)
                self._count(progress, before)
                if self._stop() and not self._run.state.stopped:
                    self._run.state.stopped = True
                    progress.stop.remote()
        except BaseException:
            progress.stop.remote()
            raise
        self._run.state.stopped = not self._run.state.whole

    def _dataset(self, sent: Any, job: Job, todo: list[int], pool: Pool, progress: Any) -> Any:
        data = self._ray.data
        size = min(pool.size, len(todo))
        parts = data.from_items([{"part": number} for number in todo])
        parts = parts.repartition(target_num_rows_per_block=1, strict=True)
        how = {"max_restarts": -1, "max_task_retries": 3}
        with warnings.catch_warnings():
            # Ray 2.64 is to take these two in another way
            warnings.simplefilter("ignore", DeprecationWarning)
            return parts.map_batches(
                PartWorker,
                batch_size=1,
                compute=data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=1),
                # in a list, a reference is sent as such
                fn_constructor_args=([sent], job, progress),
                num_cpus=pool.cpus,
                num_gpus=pool.gpus or None,
                runtime_env=job.environment,
                **how,
            )

    def _read(self, dataset: Any) -> None:
        try:
            for row in dataset.iter_rows():
                self._answers.put(row["answer"])
        except Exception as error:
            self._answers.put(error)
        self._answers.put(_END)

    def _next(self) -> Any:
        try:
            return self._answers.get(timeout=LOOK)
        except queue.Empty:
            return None

    def _take(self, text: str) -> None:
        """What came of a part."""
        answer, state = json.loads(text), self._run.state
        if "problem" in answer:
            raise_problem(answer["problem"])
        if "stopped" in answer:
            state.stopped = True
            return
        self._finished.append(answer["part"])
        self._done += answer["done"]
        self._unreadable += answer["unreadable"]
        state.problems += answer["problems"]

    def _count(self, progress: Any, before: int) -> None:
        """Tell how far all workers are. Raises StoreError where none gives a sign of life."""
        finished, self._finished = self._finished, []
        beats, parts = self._ray.get(progress.look.remote(finished))
        state, now = self._run.state, time.monotonic()
        state.done = self._done + sum(done for done, _ in parts.values())
        state.unreadable = before + self._unreadable + sum(bad for _, bad in parts.values())
        if beats != self._beats or finished:
            self._beats, self._since = beats, now
        silent = now - self._since
        if not self._beats and silent > LATE and not self._warned:
            self._warned = True
            state.problems.append(
                "Ray has not begun a worker yet: ray status tells what the cluster is waiting for."
            )
        self._run.told(state)
        if self._beats and silent > PATIENCE:
            raise StoreError(
                f"Ray's workers have given no sign of life for {round(silent)} s. The finished "
                f"parts are kept: the same command goes on."
            )


def _told(error: Exception) -> Exception:
    """An error of Ray's in a few words."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return StoreError(
        f"Ray gave up ({type(error).__name__}: {lines[0] if lines else 'no reason'}). The finished "
        f"parts are kept: once that is mended, the same command goes on."
    )


@contextmanager
def _connected(ray: Any) -> Iterator[None]:
    """Ray, as it runs in this process; or else the cluster of RAY_ADDRESS; or else its own."""
    logger = logging.getLogger("ray.data")
    level = logger.level
    context = ray.data.DataContext.get_current()
    bars, context.enable_progress_bars = context.enable_progress_bars, False
    begun_here = not ray.is_initialized()
    try:
        if begun_here:
            _begin(ray)
        logger.setLevel(logging.CRITICAL)  # what fails is told by what it raises
        yield
    finally:
        logger.setLevel(level)
        context.enable_progress_bars = bars
        if begun_here:
            ray.shutdown()


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
        with _quiet():
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
def _quiet() -> Iterator[None]:
    """Swallow what Ray writes past Python when it begins: it heeds no setting."""
    sys.stderr.flush()
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
