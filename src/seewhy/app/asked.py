"""What somebody at the page asked: which photo, of which model, how, and about which class."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from seewhy.targets import margin


@dataclass(frozen=True)
class Choices:
    """How photos are explained. Hashable, so that what was asked before is known."""

    model: str
    """Name of an offered model."""
    layer: str | None = None
    """None for the default."""
    method: str = "grad_cam"
    options: tuple[tuple[str, Any], ...] = ()
    """Of the method, by name; without those that are as they always are."""
    scores: str = "logits"
    size: int | None = None

    def changed(self, **changes: Any) -> Choices:
        """The same but for these; another method has options of its own."""
        if "method" in changes and changes["method"] != self.method:
            changes = {"options": (), **changes}
        return replace(self, **changes)


@dataclass(frozen=True)
class Asked:
    """A question about a photo: the top class, a class, or why one class rather than another."""

    index: int | None = None
    """None for the top class."""
    rather_than: int | None = None

    @property
    def target(self) -> Any:
        """What `Explainer` takes."""
        wanted = "top" if self.index is None else self.index
        return wanted if self.rather_than is None else margin(wanted, self.rather_than)


def command_line(
    photo: str, source: str, choices: Choices, asked: Asked, beside: Mapping[str, Any]
) -> str:
    """The command that makes the same explanation, to be pasted into a shell.

    source: preset or file of the model. beside: more flags by name, such as labels; those that are
    None are left out.
    """
    words = ["seewhy", "explain", f"./{photo}" if photo.startswith("-") else photo]
    flags: dict[str, Any] = {"model": source}
    if asked.rather_than is not None:
        flags |= {"why": "top" if asked.index is None else asked.index}
        flags |= {"rather-than": asked.rather_than}
    elif asked.index is not None:
        flags["target"] = asked.index
    flags |= {"method": choices.method, "layer": choices.layer}
    flags |= {"scores": choices.scores if choices.scores != "logits" else None}
    flags |= {"size": choices.size} | dict(beside)
    for name, value in flags.items():
        if value is not None:
            words += [f"--{name}", str(value)]
    for name, value in choices.options:
        words += ["--option", f"{name}={value}"]
    return shlex.join(words)
