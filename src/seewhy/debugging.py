"""TODO."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seewhy import debug_report, render
from seewhy.errors import OptionError, SeewhyWarning, TargetError
from seewhy.explainer.explainer import Explainer
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.maps.regions import hottest_first
from seewhy.metrics.faithfulness.baselines import softened
from seewhy.results.explanation import Explanation, Prediction
from seewhy.results.trust import Trust
from seewhy.targets.builders import margin

# Shares of the photo that are tried, the smallest first.
SHARES = tuple(k / 50 for k in range(1, 36))


@dataclass(frozen=True)
class Region:
    """The smallest part of the photo, hottest first, whose removal turns the decision."""

    mask: np.ndarray
    """bool, of the photo's size."""
    share: float
    """Of the network's input that is in it, 0..1."""
    before: float
    """The predicted class's logit less that of the other, of the photo as it is."""
    after: float
    """The same without the region, which is blurred or of the mean colour; at most 0."""


@dataclass(frozen=True)
class Debugging:
    """One prediction beside what should have been predicted."""

    predicted: Explanation
    true: Explanation
    """Of the true class; of the runner-up, where the prediction is right."""
    difference: Explanation
    """What speaks for the predicted class rather than for the other."""
    region: Region | None
    """None where no region of up to 70 % turns the decision."""
    right: bool
    """Whether the true class is the predicted one."""
    rank: int | None
    """At which place the true class was predicted, from 1 on; None beyond those listed."""
    confusions: tuple[Prediction, ...]
    """The classes that came closest, the predicted one first."""
    trust: Trust | None = None
    """Whether the predicted class's map can be trusted; None where that was not asked."""

    @property
    def summary(self) -> tuple[str, ...]:
        """What was found, in plain sentences."""
        first, other = self.predicted.target.name, self.true.target.name
        if self.right:
            found = [
                f"The prediction is right: {first}. It is compared with the runner-up, {other}."
            ]
        else:
            place = f"at place {self.rank}" if self.rank else "further down"
            found = [f"Predicted: {first}. True: {other}, which comes {place}."]
        correlation = _correlation(self.predicted.heatmap, self.true.heatmap)
        found.append(
            f"The maps of both classes correlate by {correlation:.2f}: "
            + ("they look at the same place." if correlation > 0.7 else "they look elsewhere.")
        )
        if self.region is None:
            found.append(
                f"No region of up to {SHARES[-1]:.0%} of the photo turns the decision when it is "
                f"taken away, hottest first."
            )
        else:
            found.append(
                f"Without {self.region.share:.0%} of the photo the decision turns: the lead of "
                f"{first} over {other} falls from {self.region.before:.2f} to "
                f"{self.region.after:.2f}."
            )
        verdicts = {"doubtful": "is doubtful", "fail": "is not to be relied on"}
        if self.trust is not None and self.trust.verdict in verdicts:
            found.append(f"The map of {first} {verdicts[self.trust.verdict]}: see the checks.")
        return tuple(found)

    def picture(self) -> Image.Image:
        """Photo, both maps on one scale, their difference, and the region; below, all in words."""
        return debug_report.picture(self)

    def as_dict(self) -> dict[str, Any]:
        """The result as plain values for JSON, without pictures."""
        region = self.region and {
            "share": self.region.share,
            "before": self.region.before,
            "after": self.region.after,
        }
        return {
            "photo": self.predicted.photo.name,
            "right": self.right,
            "rank": self.rank,
            "summary": list(self.summary),
            "predicted": self.predicted.as_dict(),
            "true": self.true.as_dict(),
            "difference": self.difference.as_dict(),
            "region": region,
            "confusions": [vars(one) for one in self.confusions],
            "trust": self.trust and self.trust.as_dict(),
        }

    def html(self) -> str:
        """One page that holds all of it, to mail."""
        return debug_report.page(self)

    def save(self, path: str | Path) -> Path:
        """Write it; .html and .json by their suffix, all else as the picture. Returns the path."""
        path = Path(path)
        if path.suffix.lower() in (".html", ".htm"):
            path.write_text(self.html(), encoding="utf-8")
            return path
        if path.suffix.lower() == ".json":
            path.write_text(json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n")
            return path
        return render.save(self.picture(), path)


def debug(model: Any, image: Any, true: Any, *, trust: bool = True, **settings: Any) -> Debugging:
    """Look at one prediction beside the class that should have been predicted.

    model: as `Explainer` takes it, or an Explainer. image: one photo. true: the true class, as
    `target=` takes it. trust: whether the checks of `Explanation.trust` are made of the predicted
    class's map, for 17 forward passes and five maps. settings: the other arguments of `Explainer`.
    Where the prediction is right, the runner-up stands in the other's place.
    Raises TargetError for a class that the model does not have or a group of classes, OptionError
    for what is no photo.
    """
    explainer = model if isinstance(model, Explainer) else Explainer(model, **settings)
    explainer = explainer.having(top=max(explainer.top, 5))
    sample = tuple(image) if isinstance(image, list) else image
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)  # each is in its explanation
        predicted, wanted = explainer.ask([sample], ["top", true])[0]
        first, own = _index(predicted), _index(wanted)
        right = first == own
        if right:
            own = predicted.predictions[1].index
            wanted = explainer([sample], own)[0]
        difference = explainer([sample], margin(first, own))[0]
        region = _region(explainer, sample, difference, predicted, (first, own))
        checks = predicted.trust() if trust else None
    order = [one.index for one in predicted.predictions]
    wished = first if right else own
    return Debugging(
        predicted=predicted,
        true=wanted,
        difference=difference,
        region=region,
        right=right,
        rank=order.index(wished) + 1 if wished in order else None,
        confusions=predicted.predictions,
        trust=checks,
    )


def _index(explanation: Explanation) -> int:
    index = getattr(explanation.target, "index", None)
    if index is None:
        raise TargetError(
            f"a prediction is compared with one class; {explanation.target.name!r} is not one. "
            f"Give an index or the full name of a class."
        )
    return int(index)


def _region(
    explainer: Explainer,
    sample: Any,
    difference: Explanation,
    predicted: Explanation,
    pair: tuple[int, int],
) -> Region | None:
    """Taken away hottest first, by either map, and blurred or filled with the mean colour."""
    if not isinstance(difference.photo, Photo):
        raise OptionError("debug removes parts of photos; this input is none. Take targets.margin.")
    scorer = explainer.scorer([sample], [margin(*pair)], scores="logits")
    image = scorer.inputs[0]
    counts = [max(1, round(share * image[..., 0].size)) for share in SHARES]
    blanks = (softened(image[None])[0], image.mean(axis=(0, 1), keepdims=True))
    masks, copies = [image[..., 0] < -np.inf], [image]
    for map in (difference.map, predicted.map):
        order = hottest_first(map, image.shape[:2])
        ranks = np.empty(order.size, int)
        ranks[order] = np.arange(order.size)
        own = ranks.reshape(1, *image.shape[:2]) < np.array(counts).reshape(-1, 1, 1)
        for blank in blanks:
            masks += list(own)
            copies += list(np.where(own[..., None], blank, image))
    scores = scorer(np.stack(copies).astype("float32"), np.zeros(len(copies), int))
    turned = np.flatnonzero(scores <= 0)
    turned = turned[turned > 0]
    if not len(turned):
        return None
    at = min(turned.tolist(), key=lambda k: masks[k].mean())
    on_photo = _on_photo(masks[at], difference.geometry)
    return Region(on_photo, float(masks[at].mean()), float(scores[0]), float(scores[at]))


def _on_photo(mask: np.ndarray, geometry: Geometry) -> np.ndarray:
    on_photo: np.ndarray = geometry.to_photo(mask.astype("float32")) > 0.5
    return on_photo


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
