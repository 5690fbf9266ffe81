"""How well maps locate what people drew boxes around: `seewhy.evaluate`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from seewhy import ground_truth, images
from seewhy.annotations.records import Annotated, Annotations
from seewhy.errors import ImageError, OptionError, SeewhyWarning, TargetError
from seewhy.explainer.explainer import Explainer
from seewhy.images import folders
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.maps.scaling import normalise
from seewhy.metrics import controls
from seewhy.results.explanation import Explanation
from seewhy.studies.localisation_scores import (
    Evaluation,
    EvaluationRow,
    LocalisationCase,
    LocalisationScores,
)
from seewhy.targets.builders import top
from seewhy.targets.labels import Group

LEAST = "least likely class"
BLIND = controls.NAMES


def evaluate(
    model: Any,
    photos: Any,
    boxes: Any,
    *,
    target: Any = None,
    tolerance: float = 15,
    threshold: float = 0.15,
    **settings: Any,
) -> Evaluation:
    """Measure how well a method's maps locate things, against boxes or masks of photos.

    model: as `Explainer` takes it, or an Explainer. photos: a file, a folder, or a list of them.
    boxes: a file or folder that `seewhy.ground_truth.read` knows, or what it gave.
    target: what is asked of each photo, with all of its things; "label" asks for each of the
        photo's classes, with the things of that class; None takes "label" if the model has all
        classes of the file, and the top class otherwise, which is noted.
    tolerance: of the pointing game, in pixels. threshold: of the box around a map's largest
    region, as in the Grad-CAM paper. settings: the other arguments of `Explainer`.
    The controls stand beside it: the map of the least likely class, a random map, a Gaussian in
    the middle, and an edge detector. A map without evidence hits nothing. Photos that cannot be
    read, that have no things, or whose boxes were drawn on another picture are left out and told.
    Raises OptionError for boxes that cannot be read, or if no photo is left.
    """
    explainer = model if isinstance(model, Explainer) else Explainer(model, **settings)
    explainer = explainer.having(top=max(5, explainer.top))
    several = photos if isinstance(photos, list | tuple) else [photos]
    paths = folders.list_photos(several)
    found = boxes if isinstance(boxes, Annotations) else ground_truth.read(boxes)
    drawn = ground_truth.looked_up(found, paths)
    if not any(drawn):
        raise ground_truth.nothing_about(found, paths)
    notes: list[str] = []
    used = [(path, one) for path, one in zip(paths, drawn, strict=True) if one and one.things]
    if len(used) < len(paths):
        notes.append(f"{len(paths) - len(used)} photos have no boxes and are left out.")
    if target is None:
        target = _default_target(explainer, [one for _, one in used], notes)
    if target == "label" and any(None in one.labels for _, one in used):
        raise OptionError(
            f"{found.source!r} does not tell the classes of its things: give a target, as 'top'."
        )
    name = explainer.method
    tallies = {
        one: LocalisationScores(one, one != name, tolerance, threshold)
        for one in (name, LEAST, *BLIND)
    }
    problems: list[str] = []
    done, cases = 0, 0
    for batch in _batches(explainer, used, problems):
        done += len(batch)
        cases += _measure(explainer, batch, target, done - len(batch), tallies)
    if not cases:
        raise OptionError(f"no photo could be used: {'; '.join(problems[:3]) or 'none is given'}")
    rows = tuple(
        EvaluationRow(one.name, one.control, one.figures(), one.empty, one.best_threshold)
        for one in tallies.values()
        if one.pointing
    )
    told: dict[str, Any] = {"method": name, "layer": explainer.layer, "target": str(target)}
    told |= {"tolerance": tolerance, "threshold": threshold, "boxes": found.source}
    return Evaluation(rows, done, cases, told, tuple(notes), tuple(problems))


def _default_target(explainer: Explainer, drawn: Sequence[Annotated], notes: list[str]) -> str:
    """Whether the classes of the file can be asked."""
    names = {label for one in drawn for label in one.labels}
    unknown = []
    for name in sorted(names - {None}, key=str):
        try:
            explainer.labels.find(str(name))
        except TargetError:
            unknown.append(str(name))
    if names and None not in names and not unknown:
        return "label"
    why = f"the model has no class {unknown[0]!r}" if unknown else "the file does not tell classes"
    notes.append(f"Asked of each photo is its top class, since {why}.")
    return "top"


def _batches(
    explainer: Explainer, used: Sequence[tuple[str, Annotated]], problems: list[str]
) -> Iterator[list[tuple[Photo, Annotated]]]:
    for start in range(0, len(used), explainer.batch_size):
        batch = []
        for path, one in used[start : start + explainer.batch_size]:
            try:
                photo = images.load(path)
                one.boxes(*photo.pixels.shape[:2])
            except (ImageError, OptionError) as error:
                problems.append(f"{path}: {error}")
                continue
            batch.append((photo, one))
        if batch:
            yield batch


def _measure(
    explainer: Explainer,
    batch: Sequence[tuple[Photo, Annotated]],
    target: Any,
    first: int,
    tallies: dict[str, LocalisationScores],
) -> int:
    """Add the maps of one batch to the tallies; how many cases there were.

    first: how many photos came before, which seeds the random maps.
    """
    rows = [
        (k, photo, own, one.of(own) if target == "label" else one)
        for k, (photo, one) in enumerate(batch)
        for own in (one.labels if target == "label" else [target])
    ]
    photos = [photo for _, photo, _, _ in rows]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)  # empty maps are counted
        asked = explainer(photos, [own for _, _, own, _ in rows])
        least: list[Explanation] = []
        if len(explainer.labels) > 1:
            least = explainer([photo for photo, _ in batch], top(len(explainer.labels) - 1))
    for (k, photo, _, one), explanation in zip(rows, asked, strict=True):
        size = (photo.pixels.shape[0], photo.pixels.shape[1])
        case = LocalisationCase(
            one.boxes(*size),
            one.mask(*size),
            *_predicted_rank(explanation, named=target == "label"),
        )
        tallies[explainer.method].add(explanation.heatmap, case)
        if least:
            unplaced = LocalisationCase(case.boxes, case.mask, None, False)
            tallies[LEAST].add(least[k].heatmap, unplaced)
        unseeing = _control_heatmaps(photo.pixels, explanation.map.shape, first + k)
        for name, map in zip(BLIND, unseeing, strict=True):
            tallies[name].add(map, case)
    return len(rows)


def _control_heatmaps(
    pixels: np.ndarray, grid: tuple[int, ...], seed: int
) -> tuple[np.ndarray, ...]:
    """Maps that know nothing of the network, (height, width) in 0..1, in the order of `BLIND`.

    They are made on the grid of the method's map and enlarged alike (see `metrics.controls`).
    """
    enlarge = Geometry.squash((pixels.shape[0], pixels.shape[1]), (grid[0], grid[1])).to_photo
    return tuple(normalise(enlarge(map)) for map in controls.control_maps(pixels, grid, seed))


def _predicted_rank(explanation: Explanation, named: bool) -> tuple[int | None, bool]:
    """At which place the asked class was predicted, and whether that says whether it is right."""
    about = explanation.target
    own = about.indices if isinstance(about, Group) else [getattr(about, "index", None)]
    if not named or None in own:
        return None, False
    order = [one.index for one in explanation.predictions]
    return next((k for k, index in enumerate(order) if index in own), None), True
