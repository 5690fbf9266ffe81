"""The bar of `seewhy audit`: what is found and tested, and how much of it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def audit_bar(*, shown: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that is told what is done, how many are done and of how many.

    shown: whether there is a bar on stderr, where that is a terminal.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from seewhy.progress import hidden

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not (shown and console.is_terminal),
        redirect_stdout=False,
    )
    task = bar.add_task("Finding", total=None)

    def told(what: str, done: int, total: int) -> None:
        bar.update(task, description=what, completed=done, total=total)

    with hidden(), bar:
        yield told
