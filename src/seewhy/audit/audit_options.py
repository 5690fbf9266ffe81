"""What an audit is told beside the photos and the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from seewhy import checks
from seewhy.datasets.places.address import without_secrets
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
    boxes: Any = None
    """Boxes or masks of the photos: a file or folder that `seewhy.ground_truth.read` knows, or what
    it gave."""
    against: Any = None
    """Another store, or its folder: which classes' evidence lies elsewhere there."""
    duplicates: bool | None = None
    """Whether photos that lie in two folders are looked for; None: if there are 20,000 or fewer."""
    listed: int = 50
    """How many errors, photos outside of boxes, groups of duplicates and classes are listed."""

    def __post_init__(self) -> None:
        for name in ("confirm", "recipients", "sample", "listed"):
            checks.count(name, getattr(self, name))
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise OptionError(f"seed is a whole number from 0 on; got {self.seed!r}.")
        if isinstance(self.classes, str):
            raise OptionError(f"classes is a list of classes, as [{self.classes!r}].")
        checks.boolean_or_none("duplicates", self.duplicates)

    def as_dict(self) -> dict[str, Any]:
        """Plain values: of boxes and stores the places."""
        plain = asdict(replace(self, boxes=None, against=None))
        del plain["record"]  # changes nothing that is found
        return {
            **plain,
            "classes": [str(each) for each in self.classes],
            "boxes": _place_of(self.boxes, "source"),
            "against": _place_of(self.against, "folder"),
        }

    @property
    def of_findings(self) -> dict[str, Any]:
        """The choices that say what is found and how it is tested."""
        others = ("confirm", "boxes", "against", "duplicates", "listed")
        return {name: value for name, value in self.as_dict().items() if name not in others}


def _place_of(given: Any, name: str) -> str | None:
    return None if given is None else without_secrets(getattr(given, name, given))
