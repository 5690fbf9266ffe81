"""How well maps locate what people drew boxes around: `seewhy.evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from seewhy.annotations.records import Annotated
from seewhy.errors import OptionError, TargetError
from seewhy.explainer.arguments.describe import accepts_options
from seewhy.explainer.arguments.types import ExplainerArguments
from seewhy.explainer.explainer import Explainer
from seewhy.images.argument_order import check_order
from seewhy.results.explanation import Explanation
from seewhy.studies import measuring
from seewhy.studies.localisation_scores import (
    Evaluation,
    EvaluationRow,
    LocalisationCase,
    LocalisationScores,
)
from seewhy.studies.locating_explainer import locating_explainer
from seewhy.studies.measuring import DrawnPhoto
from seewhy.targets.labels import Group

LEAST = "least likely class"


@accepts_options()
def evaluate(
    model: Any,
    photos: Any,
    boxes: Any,
    *,
    target: Any = None,
    tolerance: float = 15,
    threshold: float = 0.15,
    **settings: Unpack[ExplainerArguments],
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
    check_order("seewhy.evaluate(model, photos, boxes)", model, photos)
    explainer = locating_explainer(model, settings)
    explainer = explainer.having(top=max(5, explainer.top))
    paths = measuring.list_paths(photos)
    annotations, drawn = measuring.find_drawn(paths, boxes)
    notes: list[str] = []
    pairs = [(path, part) for path, part in zip(paths, drawn, strict=True) if part]
    if len(pairs) < len(paths):
        notes.append(f"{len(paths) - len(pairs)} photos have no boxes and are left out.")
    target = _checked_target(explainer, target, [part for _, part in pairs], notes, boxes)
    scores = _empty_scores(explainer.method, tolerance, threshold)
    problems: list[str] = []
    count, cases = 0, 0
    for batch in measuring.read_drawn_photos(pairs, explainer.batch_size, problems.append):
        usable = [photo for photo in batch if _fits(photo, problems)]
        cases += _measure(explainer, usable, target, count, scores)
        count += len(usable)
    if not cases:
        raise OptionError(f"no photo could be used: {'; '.join(problems[:3]) or 'none is given'}")
    recorded = {
        "method": explainer.method,
        "layer": explainer.layer,
        "target": str(target),
        "tolerance": tolerance,
        "threshold": threshold,
        "boxes": annotations.source if annotations else None,
    }
    rows = tuple(_row(each) for each in scores.values() if each.pointing)
    return Evaluation(rows, count, cases, recorded, tuple(notes), tuple(problems))


def _empty_scores(method: str, tolerance: float, threshold: float) -> dict[str, LocalisationScores]:
    """By the kind of map: the method's, and those that stand beside it as controls."""
    return {
        name: LocalisationScores(name, name != method, tolerance, threshold)
        for name in (method, LEAST, *measuring.CONTROLS)
    }


def _row(scores: LocalisationScores) -> EvaluationRow:
    figures, best = scores.figures(), scores.best_threshold
    return EvaluationRow(scores.name, scores.control, figures, scores.empty, best)


def _fits(photo: DrawnPhoto, problems: list[str]) -> bool:
    """Whether what was drawn is of this picture; a line more among the problems if not."""
    try:
        photo.boxes_and_mask()
    except OptionError as error:
        problems.append(f"{photo.path}: {error}")
        return False
    return True


def _checked_target(
    explainer: Explainer,
    target: Any,
    drawn: Sequence[Annotated],
    notes: list[str],
    boxes: Any,
) -> Any:
    """What is asked. Raises OptionError where the file's classes are asked and it tells none."""
    chosen = _default_target(explainer, drawn, notes) if target is None else target
    if chosen == "label" and any(None in part.labels for part in drawn):
        source = getattr(boxes, "source", str(boxes))
        raise OptionError(
            f"{source!r} does not tell the classes of its things: give a target, as 'top'."
        )
    return chosen


def _default_target(explainer: Explainer, drawn: Sequence[Annotated], notes: list[str]) -> str:
    """Whether the classes of the file can be asked."""
    names = {label for annotation in drawn for label in annotation.labels}
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


def _measure(
    explainer: Explainer,
    batch: Sequence[DrawnPhoto],
    target: Any,
    before: int,
    scores: dict[str, LocalisationScores],
) -> int:
    """Add the maps of one batch to the scores; how many cases there were.

    before: how many photos came before, which seeds the random maps.
    """
    by_label = target == "label"
    cases = [
        (k, photo, label, photo.drawn.of(label) if by_label else photo.drawn)
        for k, photo in enumerate(batch)
        if photo.drawn is not None
        for label in (photo.drawn.labels if by_label else [target])
    ]
    images = [photo.photo for _, photo, _, _ in cases]
    explanations = measuring.explain_quietly(explainer, images, [label for _, _, label, _ in cases])
    least = measuring.least_likely(explainer, [photo.photo for photo in batch])
    for (k, photo, _, drawn), explanation in zip(cases, explanations, strict=True):
        regions = photo.boxes_and_mask(drawn)
        if regions is None:
            continue
        case = LocalisationCase(*regions, *_predicted_rank(explanation, named=by_label))
        scores[explainer.method].add(explanation.heatmap, case)
        if least:
            scores[LEAST].add(least[k].heatmap, LocalisationCase(*regions, None, False))
        heatmaps = measuring.control_heatmaps(photo.photo.pixels, explanation, before + k)
        for name, heatmap in heatmaps.items():
            scores[name].add(heatmap, case)
    return len(cases)


def _predicted_rank(explanation: Explanation, named: bool) -> tuple[int | None, bool]:
    """At which place the asked class was predicted, and whether that says whether it is right."""
    about = explanation.target
    classes = about.indices if isinstance(about, Group) else [getattr(about, "index", None)]
    if not named or None in classes:
        return None, False
    order = [prediction.index for prediction in explanation.predictions]
    return next((k for k, index in enumerate(order) if index in classes), None), True
