"""What is seen on a terminal while something is at work: a bar, and no notes of libraries."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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
    """Give a function that is told how many steps of the total were done just now.

    The bar is for what takes over two seconds, and on terminals only.
    """
    # here, since commands that show no bar start faster without
    from rich.console import Console
    from rich.progress import Progress

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


@contextmanager
def quiet() -> Iterator[None]:
    """Swallow what libraries write past Python: start-up notes of TensorFlow and Ray, which heed no
    setting."""
    sys.stderr.flush()
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
