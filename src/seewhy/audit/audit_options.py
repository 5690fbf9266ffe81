"""What an audit is told beside the photos and the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seewhy import checks
from seewhy.errors import OptionError


@dataclass(frozen=True)
class AuditOptions:
    """Choices of an audit; checked when they are made. Raises OptionError."""

    classes: Sequence[str | int] = ()
    """Classes that are looked at, as the model names them; all if none is named."""
    confirm: int = 10
    """How many candidates are put to the test, the strongest first."""
    recipients: int = 64
    """Photos of other classes that a region is pasted into."""
    sample: int = 256
    """Photos of a class whose activations are compared cell by cell."""
    seed: int = 0
    """Of all that is drawn."""
    labels_from_folder: bool = False
    """Whether the folder that a photo lies in names its true class."""
    record: bool = True
    """Whether the files hold records, with the names of photos and of the model's file."""

    def __post_init__(self) -> None:
        for name in ("confirm", "recipients", "sample"):
            checks.count(name, getattr(self, name))
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise OptionError(f"seed is a whole number from 0 on; got {self.seed!r}.")
        if isinstance(self.classes, str):
            raise OptionError(f"classes is a list of classes, as [{self.classes!r}].")
