"""Where two models look differently: `seewhy.diff`."""

from __future__ import annotations

import copy
import csv
import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from PIL import Image

from seewhy.errors import MapError, OptionError, SeewhyWarning, TargetError
from seewhy.explainer.arguments.describe import accepts_options
from seewhy.explainer.arguments.types import ExplainerArguments
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.one_shot import explainer_of
from seewhy.images.argument_order import check_order
from seewhy.images.folders import read_in_batches
from seewhy.images.photo import Photo
from seewhy.maps.correlation import correlation
from seewhy.render import pictures
from seewhy.render.legends import below, legend, readable
from seewhy.render.looks import Look, LookName, choose_look
from seewhy.render.notebooks.frames import data_frame
from seewhy.render.notebooks.html import Figure, HtmlTable, notebook_html
from seewhy.render.regions_on_photos import signed_difference
from seewhy.render.sheets import labelled_sheet
from seewhy.results.explanation import Explanation
from seewhy.results.shared_scale import on_one_scale
from seewhy.studies.csv_cells import text_cell
from seewhy.studies.measuring import list_paths

if TYPE_CHECKING:
    from pandas import DataFrame

# Heatmaps that differ by less everywhere are the same but for rounding.
ROUNDING = 1e-4
SHOWN, DRAWN, WIDEST = 50, 3, 2400
"""Photos that a notebook lists, those that it draws, and pixels a side of these."""


@dataclass(frozen=True)
class Difference:
    """How differently two models look at one photo for one class."""

    a: Explanation = field(repr=False)
    b: Explanation = field(repr=False)
    figure: float
    """1 less the correlation of the heatmaps: 0 for equal ones, 1 for unrelated, up to 2."""
    distance: float
    """Pixels of the photo between the hottest points; NaN where a map is empty."""
    note: str
    """What the figure does not tell: that a map is empty, or that B decides otherwise."""

    @property
    def photo(self) -> str:
        return self.a.photo.name

    def map(self) -> np.ndarray:
        """float32 of the photo's size in -1..1: positive where A looks more, negative where B."""
        difference: np.ndarray = self.a.heatmap - self.b.heatmap
        return difference

    def picture(
        self, common_scale: bool = False, look: LookName | Look | None = None
    ) -> Image.Image:
        """The photo, both maps over it, and where they differ: red for A, blue for B.

        common_scale: whether the maps share a scale, for models whose scores do. look: as
        `Explanation.overlay` takes it.
        """
        pair = on_one_scale([self.a, self.b]) if common_scale else [self.a, self.b]
        chosen = choose_look(look)
        plain = pictures.plain_picture(self.a.photo)
        maps = [explanation.picture(chosen, full_size=True) for explanation in pair]
        both = zip(("A", "B"), pair, strict=True)
        titles = [
            Path(self.photo).name,
            *(f"{letter}: {each.target_words}" for letter, each in both),
            "red: A more, blue: B more",
        ]
        tiles = [plain, *maps, signed_difference(plain, pair[0].heatmap - pair[1].heatmap)]
        sheet = labelled_sheet(tiles, titles, 4)
        scale = "one scale for both maps" if common_scale else "each map on a scale of its own"
        lines = [f"{letter}: {each.caption[1]}" for letter, each in zip("AB", pair, strict=True)]
        return below(sheet, legend(sheet.width, (scale, *lines), chosen))

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "photo": self.photo,
            "target": self.a.target.name,
            "figure": self.figure,
            "distance": None if np.isnan(self.distance) else self.distance,
            "note": self.note,
            "a": _side_as_dict(self.a),
            "b": _side_as_dict(self.b),
        }


@dataclass(frozen=True)
class Diff:
    """Photos by how differently two models look at them, the most different first."""

    differences: tuple[Difference, ...]
    problems: tuple[str, ...]
    """Photos that could not be compared, and why."""

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.differences)

    def __len__(self) -> int:
        return len(self.differences)

    def to_frame(self) -> DataFrame:
        """A data frame with a row for each photo. Raises DependencyError without pandas."""
        names = ("photo", "target", "figure", "distance", "note")
        rows = [{name: each.as_dict()[name] for name in names} for each in self]
        return data_frame(rows, names)

    def _repr_html_(self) -> str:
        rows = [
            (Path(each.photo).name, readable(each.a.target.name), f"{each.figure:.3f}", each.note)
            for each in self.differences[:SHOWN]
        ]
        differ = [each for each in self if each.figure > 0]
        title = f"{len(differ)} of {len(self)} photos differ" if differ else "No photo differs."
        table = HtmlTable(("photo", "class", "difference", "note"), rows)
        figures = [Figure(each.picture()) for each in differ[:DRAWN]]
        tables = [table] if differ else []
        return notebook_html(
            title, figures=figures, tables=tables, notes=self.problems, largest=WIDEST
        )

    def csv(self) -> str:
        """A line for each photo, in the order of the differences."""
        return differences_as_csv([difference.as_dict() for difference in self.differences])


def differences_as_csv(records: Sequence[dict[str, Any]]) -> str:
    """What `Difference.as_dict` gives, as comma-separated values with a heading."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    names = ["photo", "target", "figure", "distance"]
    rows.writerow([*names, "predicted_a", "predicted_b", "score_a", "score_b", "note"])
    for record in records:
        best = [record[side]["predictions"][0]["name"] for side in "ab"]
        scores = [f"{record[side]['score']:.6g}" for side in "ab"]
        far = "" if record["distance"] is None else f"{record['distance']:.1f}"
        photo, target, note = (text_cell(record[key]) for key in ("photo", "target", "note"))
        figures = [f"{record['figure']:.6f}", far]
        rows.writerow([photo, target, *figures, *map(text_cell, best), *scores, note])
    return text.getvalue()


@accepts_options()
def diff(
    model_a: Any,
    model_b: Any,
    photos: Any,
    *,
    target: Any = "top",
    **settings: Unpack[ExplainerArguments],
) -> Diff:
    """Where two models look differently for the same class, photo by photo.

    model_a, model_b: as `Explainer` takes them, or Explainers, which may differ in layer, size and
        method: maps are compared on the photo.
    photos: a file, a folder, or a list of them. target: what is asked of both; of "top" it is the
        top class of A. settings: the other arguments of `Explainer`, for both models.
    The figure is 1 less Pearson's correlation of the heatmaps over the photo's pixels. Where one
    map is empty and the other is not, it is 1, and the note says so.
    Photos that cannot be read are left out and told. Raises TargetError for classes that B does
    not have, OptionError if no photo can be compared.
    """
    check_order("seewhy.diff(model_a, model_b, photos)", model_a, photos)
    check_order("seewhy.diff(model_a, model_b, photos)", model_b)
    first, second = (explainer_of(model, settings) for model in (model_a, model_b))
    problems: list[str] = []
    differences = list(iterate_differences(first, second, list_paths(photos), target, problems))
    if not differences:
        raise OptionError(f"no photo could be compared: {'; '.join(problems[:3]) or 'none given'}")
    return Diff(
        tuple(sorted(differences, key=lambda difference: -difference.figure)), tuple(problems)
    )


def iterate_differences(
    first: Explainer, second: Explainer, paths: Sequence[str], target: Any, problems: list[str]
) -> Iterator[Difference]:
    """What `diff` finds, photo by photo in their order.

    problems: gets a line for each photo that cannot be compared.
    """
    for batch in read_in_batches(paths, first.batch_size):
        problems += [str(error) for _, error in batch.problems]
        if batch.photos:
            photos = [photo for _, photo in batch.photos]
            yield from _compare_batch(first, second, photos, target, problems)


def _compare_batch(
    first: Explainer,
    second: Explainer,
    batch: Sequence[Photo],
    target: Any,
    problems: list[str],
) -> list[Difference]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)  # each is in its explanation
        ones = first(batch, target)
        targets = [_same_target(explanation, target, second) for explanation in ones]
        others = second(batch, targets)
    differences = []
    for a, b in zip(ones, others, strict=True):
        try:
            differences.append(_difference(a, b))
        except MapError as error:
            problems.append(f"{a.photo.name}: {error}")
    return differences


def _same_target(explanation: Explanation, target: Any, second: Explainer) -> Any:
    """What B is asked: the class that A was asked for, by its name."""
    if getattr(explanation.target, "index", None) is None:
        return target
    try:
        return second.questions([explanation.target.name]) and explanation.target.name
    except TargetError as error:
        index = int(explanation.target.index)  # type: ignore[union-attr]
        entries = second.labels.entries
        # names that several classes have, as two of ImageNet's do
        if index < len(entries) and entries[index].name == explanation.target.name:
            return index
        raise TargetError(
            f"model A was asked for {explanation.target.name!r}, which model B does not know: "
            f"{error}"
        ) from error


def _difference(a: Explanation, b: Explanation) -> Difference:
    first, second = a.heatmap, b.heatmap
    notes = []
    names = [each.predictions[0].name if each.predictions else "" for each in (a, b)]
    if names[0] != names[1]:
        notes.append(f"A decides {names[0]}, B decides {names[1]}.")
    dead = [name for name, map in (("A", first), ("B", second)) if not map.any()]
    if dead:
        notes.append(f"Nothing speaks for {a.target.name} in {' and '.join(dead)}.")
    distance = float("nan") if dead else _peak_distance(first, second)
    same = bool(abs(first - second).max() <= ROUNDING)
    if same and not notes:
        notes.append("No difference.")
    return Difference(
        # without the heatmaps, which are made again when they are wanted
        a=copy.copy(a),
        b=copy.copy(b),
        figure=0.0 if same else 1 - correlation(first, second),
        distance=distance,
        note=" ".join(notes),
    )


def _peak_distance(first: np.ndarray, second: np.ndarray) -> float:
    points = [np.unravel_index(map.argmax(), map.shape) for map in (first, second)]
    return float(np.hypot(*np.subtract(points[0], points[1])))


def _side_as_dict(explanation: Explanation) -> dict[str, Any]:
    record = explanation.as_dict()
    kept = ("predictions", "layer", "method", "warnings", "options")
    return {"score": explanation.score} | {name: record[name] for name in kept}
