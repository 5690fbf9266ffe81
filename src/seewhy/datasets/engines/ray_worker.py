"""What runs in Ray's processes: workers that do parts of a store, and one that they tell."""

from __future__ import annotations

import json
import os
import platform
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seewhy import errors
from seewhy.datasets.manifest import check_same, read_manifest
from seewhy.datasets.places.address import remember
from seewhy.datasets.places.places import place_of
from seewhy.datasets.plan_file import Plan
from seewhy.datasets.run_options import RunOptions
from seewhy.datasets.run_photos import Run, RunState
from seewhy.datasets.store_files import PLAN, errors_in, part_path
from seewhy.errors import SeewhyError, StoreError

if TYPE_CHECKING:
    from seewhy.datasets.explain_parts import PreparedRun

BEAT = 5.0
"""Seconds between the signs of life of a worker that is busy."""
THREADS = "OMP_NUM_THREADS"
NAMED = 20
"""Unreadable photos of a part that are named; all stand in the store."""


@dataclass(frozen=True)
class Job:
    """A run, as its workers know it."""

    store: str
    options: RunOptions
    asked: Mapping[str, Any]
    """What the manifest tells of the run itself, with the digest of the plan."""
    backend: str | None
    """What Keras runs on."""
    secrets: Mapping[str, str] = field(repr=False)
    """Of addresses; see `places.address.secrets`."""

    @property
    def environment(self) -> dict[str, Any]:
        """What the workers' processes are started with: a recipe may import Keras as it is read."""
        # Ray gives a process as many threads as processors, and sums of floats depend on it
        own = {"KERAS_BACKEND": self.backend, THREADS: os.environ.get(THREADS)}
        return {"env_vars": {name: value for name, value in own.items() if value}}


class Progress:
    """One process that knows how far the parts in hand are, and whether to stop."""

    def __init__(self) -> None:
        self._beats = 0
        self._stopped = False
        self._parts: dict[int, tuple[int, int]] = {}

    def beat(self) -> bool:
        """A worker lives. Gives whether to stop."""
        self._beats += 1
        return self._stopped

    def add(self, part: int, done: int, unreadable: int) -> None:
        """How many photos of a part are done now, and how many of them could not be read."""
        self._beats += 1
        self._parts[part] = done, unreadable

    def stop(self) -> None:
        """From now on no part is begun."""
        self._stopped = True

    def look(self, finished: list[int]) -> tuple[int, dict[int, tuple[int, int]]]:
        """Signs of life so far, and how far the parts in hand are. finished: no longer in hand."""
        for part in finished:
            self._parts.pop(part, None)
        return self._beats, dict(self._parts)


class PartWorker:
    """Holds the model, and does the parts that it is given.

    recipe: a reference to a `Recipe`. progress: the process of a `Progress`.
    """

    def __init__(self, recipe: list[Any], job: Job, progress: Any) -> None:
        self._job, self._progress = job, progress
        self._problem: dict[str, str] | None = None
        try:
            with self._beating():
                self._run, self._prepared = _begun(recipe, job)
        except Exception as error:  # told with the first part: Ray would begin again and again
            self._problem = problem_of(error)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[str]]:
        """Do one part. batch: its number. Gives what came of it, as JSON."""
        (number,) = (int(each) for each in batch["part"])
        answer: dict[str, Any] = {"part": number}
        if self._problem is not None:
            return _row(answer | {"problem": self._problem})
        try:
            with self._beating() as stopped:
                answer |= {"stopped": True} if stopped else self._done(number)
        except Exception as error:  # of Ray's own text a user would read a traceback only
            answer["problem"] = problem_of(error)
        return _row(answer)

    def _done(self, number: int) -> dict[str, Any]:
        plan, options = self._run.plan, self._job.options
        size = plan.size(number)
        path = part_path(self._run.store, number)
        # a part may come again after its worker was lost
        before = errors_in(path, plan.first_row(number), size)
        if before is not None and not options.retry_errors:
            return {"done": size, "unreadable": before, "problems": []}
        named: list[str] = []

        def told(state: RunState) -> None:
            named.extend(state.problems[: NAMED - len(named)])
            state.problems.clear()
            self._progress.add.remote(number, state.done, state.unreadable)

        state = RunState()
        run = Run(self._run.store, plan, options, state, told)
        run.go(self._prepared, [number], lambda: False)
        return {"done": state.done, "unreadable": state.unreadable, "problems": named}

    @contextmanager
    def _beating(self) -> Iterator[bool]:
        """Give signs of life meanwhile. Gives whether to stop."""
        import ray

        over = threading.Event()

        def beat() -> None:
            while not over.wait(BEAT):
                self._progress.beat.remote()

        stopped = bool(ray.get(self._progress.beat.remote()))
        thread = threading.Thread(target=beat, daemon=True, name="seewhy-beat")
        thread.start()
        try:
            yield stopped
        finally:
            over.set()
            thread.join()


def described(recipe: Any, job: Job) -> dict[str, Any]:
    """{"manifest": what the store is made with}, or {"problem": …}."""
    try:
        explainer = recipe.explainer()  # before anything imports Keras
        from seewhy.datasets.explain_parts import prepared_run

        prepared = prepared_run(explainer, job.options, job.asked, lambda: None)
        return {"manifest": recipe.renamed(prepared.manifest)}
    except Exception as error:
        return {"problem": problem_of(error)}


def problem_of(error: Exception) -> dict[str, str]:
    """An error as plain words, which `raise_problem` raises again elsewhere."""
    if isinstance(error, SeewhyError):
        return {"kind": type(error).__name__, "text": str(error)}
    return {
        "kind": "SeewhyError",
        "text": f"a worker on {platform.node()!r} failed ({type(error).__name__}: {error}).",
    }


def raise_problem(problem: Mapping[str, str]) -> None:
    """Raises the SeewhyError."""
    kind: Callable[[str], SeewhyError] = getattr(errors, problem["kind"], SeewhyError)
    raise kind(problem["text"])


def _begun(recipe: list[Any], job: Job) -> tuple[Run, PreparedRun]:
    """Raises a SeewhyError where the model cannot be made here, or the store is not seen."""
    import ray

    remember(job.secrets)
    store = place_of(job.store)
    known = read_manifest(store)
    if known is None or not (store / PLAN).exists():
        raise StoreError(
            f"the machine {platform.node()!r} does not see the store {job.store!r}: give a folder "
            f"that all machines have under one path, or an address such as s3://bucket/store."
        )
    plan = Plan(store / PLAN)
    explainer = ray.get(recipe[0]).explainer()  # before anything imports Keras
    from seewhy.datasets.explain_parts import prepared_run

    prepared = prepared_run(explainer, job.options, job.asked, lambda: known)
    check_same(store, known, prepared.manifest | {"plan": plan.digest()})
    return Run(store, plan, job.options, RunState(), lambda _: None), prepared


def _row(answer: Mapping[str, Any]) -> dict[str, list[str]]:
    return {"answer": [json.dumps(answer)]}
