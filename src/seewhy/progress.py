"""A progress bar for what takes over two seconds, on terminals only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rich.console import Console
from rich.progress import Progress

PATIENCE = 2.0
_shown: ContextVar[bool] = ContextVar("shown", default=True)


@contextmanager
def hidden() -> Iterator[None]:
    """Within, no bars are shown: a larger one is there already."""
    token = _shown.set(False)
    try:
        yield
    finally:
        _shown.reset(token)


@contextmanager
def steps(total: int, about: str = "Explaining") -> Iterator[Callable[[int], None]]:
    """Give a function that is told how many steps of the total were done just now."""
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True)
    task = bar.add_task(about, total=total)
    began, running = time.monotonic(), False

    def step(count: int) -> None:
        nonlocal running
        bar.update(task, advance=count)
        late = time.monotonic() - began > PATIENCE
        if late and not running and _shown.get() and console.is_terminal:
            bar.start()
            running = True

    try:
        yield step
    finally:
        if running:
            bar.stop()
