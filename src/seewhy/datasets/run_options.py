"""What a run over many photos is told beside the model and how it explains."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seewhy import checks
from seewhy.errors import OptionError

MOST_WORKERS = 16
ENGINES = ("local", "ray")


@dataclass(frozen=True)
class RunOptions:
    """Choices of a run; checked when they are made. Raises OptionError."""

    targets: Sequence[Any] = ("top",)
    """What is asked of each photo, as `Explainer.ask` takes it; each gives a row."""
    labels_from_folder: bool = False
    """Whether the folder that a photo lies in names its true class."""
    limit: int | None = None
    """How many photos are taken, the first ones; None for all."""
    shard_size: int = 1024
    """Photos in a part of the store."""
    shard: tuple[int, int] = (1, 1)
    """(k, n): this run does the parts k, k + n, … of the store, others the rest."""
    workers: int | None = None
    """Threads that read photos; None for one a processor, at most 16. With the engine "ray",
    processes that explain; None for one a GPU, or without GPUs, one a machine."""
    features: bool = False
    """Whether each row has its evidence-weighted features: the layer's activations, averaged over
    its cells with the positive evidence as weights."""
    exact: bool = True
    """Whether all pixels of JPEG files are decoded; False decodes those that are four times as
    large as needed, or more, at a reduced scale."""
    retry_errors: bool = False
    """Whether parts with photos that could not be read are done again."""
    engine: str = "local"
    """Who does the parts: "local", this process, or "ray", the machines of a Ray cluster."""

    def __post_init__(self) -> None:
        for name in ("limit", "shard_size", "workers"):
            if getattr(self, name) is not None:
                checks.count(name, getattr(self, name))
        first, count = self.shard
        if not 1 <= first <= count:
            raise OptionError(f"shard is one of 1/n to n/n, as 3/16; got {first}/{count}.")
        if self.engine not in ENGINES:
            raise OptionError(f"engine is one of {', '.join(ENGINES)}; got {self.engine!r}.")
        if not len(self.targets):
            raise OptionError("targets has no question: give at least one, such as 'top'.")

    @property
    def threads(self) -> int:
        return self.workers or min(os.cpu_count() or 1, MOST_WORKERS)


def read_shard(text: str | None) -> tuple[int, int]:
    """(3, 16) of "3/16". Raises OptionError for other texts."""
    if text is None:
        return 1, 1
    first, slash, count = text.partition("/")
    numbers = checks.whole_number(first), checks.whole_number(count)
    if not slash or numbers[0] is None or numbers[1] is None:
        raise OptionError(f"--shard is written as 3/16, the third of sixteen; got {text!r}.")
    return numbers[0], numbers[1]
