"""The bar of `seewhy run`: photos done, how fast, how long still, and how many are unreadable."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from seewhy.cli import session
from seewhy.cli.teller import duration

if TYPE_CHECKING:
    from seewhy.datasets.run_photos import RunState

EVERY = 60.0
"""Seconds between the lines that tell of a run where there is no terminal, as in a job's log."""
TOLD = 20
"""Unreadable photos that are named; all stand in the store."""


@contextmanager
def run_bar(*, shown: bool) -> Iterator[Callable[[RunState], None]]:
    """Give a function that is told how far a run is. Photos that cannot be read are named.

    shown: whether there is a bar on stderr, or where that is no terminal, a line now and then.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    from seewhy.progress import hidden

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("Explaining"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeLeft(),
        TextColumn("{task.fields[unreadable]}"),
        console=console,
        transient=True,
        disable=not (shown and console.is_terminal),
        redirect_stdout=False,
    )
    task = bar.add_task("", total=None, rate="", unreadable="")
    named, told_at = 0, time.monotonic()

    def told(state: RunState) -> None:
        nonlocal named, told_at
        for problem in state.problems[: max(0, TOLD - named)]:
            session.tell_problem(problem)
        if named < TOLD <= named + len(state.problems):
            session.tell_problem("… and more, which the column error of the store names.")
        named += len(state.problems)
        state.problems.clear()
        total, speed = state.photos - state.before, bar.tasks[0].speed
        rate = f"{speed:.1f} a second" if speed else ""
        unreadable = f"{state.unreadable} unreadable" if state.unreadable else ""
        bar.update(task, total=total, completed=state.done, rate=rate, unreadable=unreadable)
        if shown and bar.disable and time.monotonic() - told_at >= EVERY:
            told_at = time.monotonic()
            left = f"{duration((total - state.done) / speed)} left" if speed else ""
            parts = [f"{state.done} of {total} done", rate, left, unreadable]
            session.tell_problem(", ".join(part for part in parts if part))

    with hidden(), bar:
        yield told


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether Ctrl-C was pressed. Pressed again, it stops at once."""
    pressed = False

    def press(*_: Any) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        session.tell_problem(
            "the part in hand is finished first; Ctrl-C again stops at once, and that part is "
            "done again by the next run."
        )

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)
