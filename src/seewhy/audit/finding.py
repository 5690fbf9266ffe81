"""What an audit found, as frozen records."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from seewhy.errors import OptionError
from seewhy.render.files import write

if TYPE_CHECKING:
    from pandas import DataFrame

CONFIRMED = "confirmed shortcut"
UNNEEDED = "regular but not needed"
OBJECT = "the object itself"
TOO_FEW = "too few photos"
VERDICTS = (CONFIRMED, OBJECT, UNNEEDED, TOO_FEW)
"""The worst first."""
_RENAMED = {"class_name": "class"}


@dataclass(frozen=True)
class Finding:
    """Photos of a class whose evidence lies at one place, and what came of testing it."""

    class_name: str
    """The predicted class; "class" in files."""
    class_index: int
    true_class: str | None
    """The true class of all of them, where a pair of classes is confused."""
    verdict: str
    why: str
    """What the verdict stands on, in a sentence."""
    photos: int
    share: float
    """Of the photos that are predicted as the class, 0..1."""
    place: str
    box: tuple[float, float, float, float]
    """Top, left, bottom and right of the place, 0..1 of the network's input."""
    cells: tuple[tuple[int, int], ...]
    """Rows and columns of the grid's cells, from 0 on."""
    flip_rate: float | None
    """Share of other classes' photos that become the class with the region pasted in."""
    interval: tuple[float, float] | None
    """Of the flip rate: 95 % by the bootstrap."""
    control_rate: float | None
    """The flip rate of random regions of equal area."""
    control_interval: tuple[float, float] | None
    covered_rate: float | None
    """The flip rate of filling the place from its surroundings, without pasting anything."""
    excess: float | None
    """flip_rate less the larger of control_rate and covered_rate."""
    excess_interval: tuple[float, float] | None
    removed: Mapping[str, float]
    """Share of the photos that are no longer taken for the class: region blurred, or filled by its
    surroundings, each beside a region elsewhere."""
    accuracy_inside: float | None
    accuracy_outside: float | None
    """Share of photos whose true class is the predicted one: those of the finding, and the others
    that are predicted as the class; None where no true class is known."""
    purity: float | None
    """Share of the finding's commonest true class."""
    regularity: float
    """Mean cosine of pairs of maps, 0..1."""
    border_share: float
    """How much of the evidence lies in the outermost cells, 0..1."""
    near_duplicates: int
    """Photos that are nearly the same as another one of the finding."""
    hottest_inside: float
    """Share of the photos that are hottest in the region or beside it."""
    alike_elsewhere: float | None
    """Share of the class's photos that are hottest elsewhere and look alike there."""
    margin: float
    """Cells around the region that are pasted with it."""
    geometry: Mapping[str, Any]
    """Where cells lie: `grid` (rows, cols), `input` (height, width) of the network and `extents` as
    stores have them, and the `fit` of photos to it."""
    found_by: str
    examples: tuple[str, ...]
    """Some of the photos, by id."""
    key: str
    """Equal for the same candidate of the same question."""
    pictures: str | None = None
    """File of pictures, in the folder of the audit."""

    @property
    def confirmed(self) -> bool:
        return self.verdict == CONFIRMED

    @property
    def badness(self) -> tuple[int, float]:
        """By which findings are ordered, the largest first."""
        return -VERDICTS.index(self.verdict), (self.excess or 0.0) * math.sqrt(self.share)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as in JSON."""
        return {_RENAMED.get(name, name): _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Finding:
        """What `as_dict` gave."""
        back = {new: old for old, new in _RENAMED.items()}
        known = {back.get(name, name): value for name, value in values.items()}
        for name in ("box", "interval", "control_interval", "excess_interval", "examples"):
            known[name] = None if known[name] is None else tuple(known[name])
        known["cells"] = tuple((int(row), int(col)) for row, col in known["cells"])
        return cls(**{each.name: known[each.name] for each in fields(cls)})


@dataclass(frozen=True)
class Audit(Sequence[Finding]):
    """The findings of an audit, the worst first."""

    findings: tuple[Finding, ...]
    photos: int
    """Photos that were looked at."""
    settings: Mapping[str, Any]
    """What was asked, of which model and store."""
    notes: tuple[str, ...] = ()
    """What could not be done, or has to be known."""
    problems: tuple[str, ...] = field(default=(), repr=False)
    """What was wrong with photos."""
    members: Mapping[str, tuple[int, ...]] = field(default_factory=dict, repr=False)
    """By the key of a finding: the rows of its photos in the plan of the store."""
    record: Mapping[str, Any] | None = field(default=None, repr=False)
    """All that is needed to audit again, as plain values; see docs/records.md."""
    beside: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What else was seen, as plain values by name: "errors", "outside_boxes", "duplicates" and
    "drift", each where it was asked for or can be told; see docs/audit.md."""
    draw: Callable[[Audit], str] | None = field(default=None, repr=False, compare=False)
    """Makes the page; None of an audit that was not just made."""

    def __len__(self) -> int:
        return len(self.findings)

    @overload
    def __getitem__(self, index: int) -> Finding: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...

    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        return self.findings[index]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def confirmed(self) -> tuple[Finding, ...]:
        """Those that are confirmed shortcuts."""
        return tuple(each for each in self.findings if each.confirmed)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as in `audit.json`."""
        return {
            "findings": [each.as_dict() for each in self.findings],
            "photos": self.photos,
            "settings": dict(self.settings),
            "notes": list(self.notes),
            **({} if self.record is None else {"record": dict(self.record)}),
            "beside": dict(self.beside),
        }

    def save_html(self, path: str | Path) -> Path:
        """Write the page of the audit, one file that needs nothing else; returns its path.

        The photos are read again for it. Raises OptionError where it cannot be written, and for an
        audit that was not made by `seewhy.audit`.
        """
        if self.draw is None:
            raise OptionError(
                "only an audit that seewhy.audit made can draw its page: it has the photos. The "
                "page of one that was written to a folder lies there, audit.html."
            )
        place, page = Path(path), self.draw(self)
        try:
            write(place, page)
        except OSError as error:
            raise OptionError(
                f"the page cannot be written to {str(place)!r} ({error.strerror or error}). Give a "
                f"file in a folder that can be written."
            ) from error
        return place

    def to_pandas(self) -> DataFrame:
        """A data frame with a row for each finding. Raises DependencyError without pandas."""
        from seewhy.render.notebooks.frames import data_frame

        names = [_RENAMED.get(each.name, each.name) for each in fields(Finding)]
        return data_frame([each.as_dict() for each in self.findings], names)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
