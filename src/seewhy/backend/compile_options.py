"""What a backend is told of a function that it compiles."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CompileOptions:
    """Only torch looks at them: the others compile at the first call of a shape."""

    often: bool = True
    """Whether it is called often enough for a recording to pay."""
    at_once: bool = False
    """Whether it is recorded at the first call, so that all calls of a shape round alike."""
    compiler: str | None = None
    """"inductor" compiles the recording, at the first call; None replays it as it is."""


DEFAULT = CompileOptions()
