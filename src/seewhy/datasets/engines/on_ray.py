"""A run on the machines of a Ray cluster, or on this one's processors: Ray Data hands out parts."""

from __future__ import annotations

import json
import queue
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from seewhy.datasets.engines.ray_cluster import Pool, connected, ray_package
from seewhy.datasets.engines.ray_worker import Job, PartWorker, Progress, described, raise_problem
from seewhy.datasets.engines.recipe import Recipe
from seewhy.datasets.manifest import check_same, read_manifest, write_manifest
from seewhy.datasets.places.address import secrets
from seewhy.datasets.places.places import whole
from seewhy.datasets.run_photos import Begun, Run, RunState, Told
from seewhy.errors import StoreError

LOOK = 0.5
"""Seconds between two looks at how far the workers are."""
LATE, PATIENCE = 60.0, 300.0
"""Seconds without a sign of life: after which it is said that no worker has begun, and after which
the workers are lost."""
WAITING = (
    "no worker of Ray's has loaded the model yet: ray status tells whether the cluster waits for "
    "processors or GPUs."
)
_END = object()


def run_on_ray(
    recipe: Recipe, begun: Begun, told: Told | None, stop: Callable[[], bool] | None
) -> RunState:
    """Do the parts of a store that are missing. See `run_photos`."""
    ray = ray_package()
    state = RunState()
    run = Run(begun.store, begun.plan, begun.options, state, told or (lambda _: None))
    with connected(ray) as threads:
        pool = Pool.of(ray, begun.options.workers)
        options = replace(begun.options, workers=pool.threads)
        place = whole(str(begun.store))
        job = Job(place, options, begun.asked, recipe.backend, secrets())
        sent = ray.put(recipe)
        if read_manifest(begun.store) is None:
            _describe(ray, sent, job, pool, run)
        else:
            check_same(begun.store, read_manifest(begun.store) or {}, begun.asked)
        todo = run.todo()
        run.told(state)
        if todo:
            Watch(ray, run, stop or (lambda: False)).go(sent, job, todo, pool, threads)
        return state


def _describe(ray: Any, sent: Any, job: Job, pool: Pool, run: Run) -> None:
    """Write the manifest, which needs the model: in a process of Ray's, where the devices are."""
    once = ray.remote(max_calls=1)(described)  # so that its process frees the device
    task = once.options(
        num_cpus=pool.cpus, num_gpus=pool.gpus, max_retries=3, runtime_env=job.environment
    )
    asked = task.remote(sent, job)
    ready, _ = ray.wait([asked], timeout=LATE)
    if not ready:
        run.state.problems.append(WAITING)
        run.told(run.state)
    try:
        answer = ray.get(asked)
    except ray.exceptions.RayError as error:
        raise _told(error) from error
    if "problem" in answer:
        raise_problem(answer["problem"])
    write_manifest(run.store, answer["manifest"])


class Watch:
    """One run: looks at its workers, and counts what they have done."""

    def __init__(self, ray: Any, run: Run, stop: Callable[[], bool]) -> None:
        self._ray, self._run, self._stop = ray, run, stop
        self._answers: queue.Queue[Any] = queue.Queue()
        self._finished: list[int] = []
        self._done = self._unreadable = 0
        self._beats, self._since, self._warned = 0, time.monotonic(), False

    def go(
        self, sent: Any, job: Job, todo: list[int], pool: Pool, threads: list[threading.Thread]
    ) -> None:
        """Do these parts. threads: gets the one that waits for the workers.

        Raises what the workers raise, and StoreError where they are lost.
        """
        progress = self._ray.remote(Progress).options(num_cpus=0, max_restarts=-1).remote()
        before = self._run.state.unreadable
        dataset = self._dataset(sent, job, todo, pool, progress)
        threads.append(threading.Thread(target=self._read, args=(dataset,), daemon=True))
        threads[-1].start()
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
            state.problems.append(WAITING)
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
