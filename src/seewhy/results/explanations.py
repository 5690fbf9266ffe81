"""Several explanations: a sequence that draws, saves and shows itself, and becomes a table."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

from PIL import Image

from seewhy.render.looks import SheetDrawing, choose_look
from seewhy.render.notebooks.frames import data_frame
from seewhy.render.notebooks.html import Figure, notebook_html
from seewhy.results.explanation import Explanation
from seewhy.results.explanation_sheet import explanation_sheet
from seewhy.results.plain_values import plain_target
from seewhy.results.records.make_record import records_text
from seewhy.results.saving import save_result
from seewhy.results.shared_scale import by_photo

if TYPE_CHECKING:
    from pandas import DataFrame

SHOWN, SMALL = 24, 320
"""Explanations that a notebook shows, and the pixels a side of each."""
COLUMNS = (
    *("photo", "target", "index", "wnid", "probability", "score", "predicted"),
    *("predicted_probability", "layer", "method", "model", "warnings"),
)


class _Maker:
    """Makes explanations by their places, each once."""

    def __init__(self, make: Callable[[int], Explanation]) -> None:
        self._make, self._made, self._lock = make, dict[int, Explanation](), threading.RLock()

    def get(self, place: int) -> Explanation:
        with self._lock:
            if place not in self._made:
                self._made[place] = self._make(place)
            return self._made[place]


class MadeWhenLookedAt(Sequence[Explanation]):
    """Explanations by their places, each made the first time and then kept. Slices share them.

    Pickling makes them all.
    """

    def __init__(self, places: Sequence[int], make: Callable[[int], Explanation]) -> None:
        self._places, self._make = places, make

    @classmethod
    def of(cls, count: int, make: Callable[[int], Explanation]) -> MadeWhenLookedAt:
        """So many, of a function that is called once for each place."""
        return cls(range(count), _Maker(make).get)

    @overload
    def __getitem__(self, index: int) -> Explanation: ...

    @overload
    def __getitem__(self, index: slice) -> MadeWhenLookedAt: ...

    def __getitem__(self, index: int | slice) -> Explanation | MadeWhenLookedAt:
        if isinstance(index, slice):
            return MadeWhenLookedAt(self._places[index], self._make)
        return self._make(self._places[index])

    def __len__(self) -> int:
        return len(self._places)

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (list(self),)


class Explanations(Sequence[Explanation]):
    """Explanations in the order in which they were asked. Slices are Explanations too."""

    def __init__(self, explanations: Iterable[Explanation] = ()) -> None:
        self._all: Sequence[Explanation] = (
            explanations if isinstance(explanations, MadeWhenLookedAt) else tuple(explanations)
        )

    @overload
    def __getitem__(self, index: int) -> Explanation: ...

    @overload
    def __getitem__(self, index: slice) -> Explanations: ...

    def __getitem__(self, index: int | slice) -> Explanation | Explanations:
        return Explanations(self._all[index]) if isinstance(index, slice) else self._all[index]

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Explanation]:
        return iter(self._all)

    def __add__(self, other: Iterable[Explanation]) -> Explanations:
        return Explanations([*self, *other])

    def __radd__(self, other: Iterable[Explanation]) -> Explanations:
        return Explanations([*other, *self])

    def __eq__(self, other: object) -> bool:
        """Whether the other is a sequence of these very explanations."""
        if not isinstance(other, Explanations | list | tuple):
            return NotImplemented
        pairs = zip(self, other, strict=False)
        return len(self) == len(other) and all(one is another for one, another in pairs)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        few = [f"{Path(each.photo.name).name}: {each.title}" for each in self[:3]]
        more = [f"and {len(self) - 3} more"] if self[3:] else []
        return f"Explanations({len(self)}: {'; '.join([*few, *more])})" if few else "Explanations()"

    def to_frame(self) -> DataFrame:
        """A data frame with a row for each: photo, target, probability, score, prediction, …

        index and wnid are those of a class; predicted and predicted_probability the top class;
        warnings the names of what must be known to read the map. Raises DependencyError where
        pandas is not installed.
        """
        return data_frame([_row(each) for each in self], COLUMNS)

    def grid(self, columns: int | None = None, **drawing: Unpack[SheetDrawing]) -> Image.Image:
        """All on one sheet: each photo, and behind it its overlays below their targets.

        Those of one photo by one method that follow each other share a scale.
        columns: how many stand in a row; None for up to four. drawing: look, colormap, alpha,
        blend and cells, as `Explanation.overlay` takes them. Raises OptionError if there are none.
        """
        return explanation_sheet(by_photo(self._all), choose_look(**drawing), columns)

    def save(
        self, path: str | Path, *, record: bool = True, **drawing: Unpack[SheetDrawing]
    ) -> Path:
        """Write the grid, or as .json the results of all, as the path's suffix says.

        record: whether the file holds the record of each, as `Explanation.save` has it.
        """
        return save_result(
            path,
            lambda: self.grid(**drawing),
            record=lambda: {"explanations": self.as_dicts(record=record)},
            text=lambda: records_text(each.record for each in self) if record else None,
        )

    def as_dicts(self, *, record: bool = True) -> list[dict[str, Any]]:
        """The results as plain values for JSON, as `Explanation.as_dict` gives them."""
        return [each.as_dict(record=record) for each in self]

    def _repr_html_(self) -> str:
        shown = [each for group in by_photo(self[:SHOWN]) for each in group]
        figures = [
            Figure(each.thumbnail(SMALL), (Path(each.photo.name).name, *each.caption))
            for each in shown
        ]
        rest = len(self) - len(figures)
        return notebook_html(
            f"{len(self)} explanation{'' if len(self) == 1 else 's'}",
            figures=figures,
            notes=[f"{rest} more are not shown: take a part, as in [24:48]."] if rest else [],
            look=choose_look() if figures else None,
            largest=SMALL,
        )


def _row(explanation: Explanation) -> dict[str, Any]:
    target = plain_target(explanation.target)
    first = explanation.predictions[0] if explanation.predictions else None
    return {
        "photo": explanation.photo.name,
        "target": target["name"],
        "index": target["index"],
        "wnid": target["wnid"],
        "probability": explanation.probability,
        "score": explanation.score,
        "predicted": first and first.name,
        "predicted_probability": first and first.probability,
        "layer": explanation.layer,
        "method": explanation.method,
        "model": explanation.options.get("model"),
        "warnings": "; ".join(note.partition(":")[0] for note in explanation.warnings),
    }
