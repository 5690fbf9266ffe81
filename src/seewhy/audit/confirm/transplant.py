"""Regions pasted into photos of other classes, and taken out of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from seewhy.audit.regions import moved_masks
from seewhy.metrics.faithfulness.imputation import impute

Answers = Callable[[np.ndarray], np.ndarray]
"""uint8 (n, height, width, 3) → what ranks the classes, float32 (n, classes)."""
DRAWN = 1000
"""Samples of the bootstrap."""
LEVEL = 0.95
ELSEWHERE = 8
"""Random places at which regions are removed."""
_BLUR = 0.125
"""Standard deviation of the blur, as a share of the shorter side."""


@dataclass(frozen=True)
class AskedClass:
    """A class, and the model that is asked for it."""

    answers: Answers
    index: int

    def took(self, pixels: np.ndarray) -> np.ndarray:
        """float64 (n,): 1 where the model takes a photo for the class, else 0."""
        return np.asarray(self.answers(pixels).argmax(axis=1) == self.index, "float64")

    def margins(self, pixels: np.ndarray) -> np.ndarray:
        """float32 (n,): by how much the class stands above the best of the others."""
        ranked = self.answers(pixels)
        others = np.delete(ranked, self.index, axis=1)
        above: np.ndarray = ranked[:, self.index] - others.max(axis=1)
        return above


@dataclass(frozen=True)
class Rate:
    """A share of trials, and how far it may be off."""

    value: float
    low: float
    high: float
    """Of the bootstrap interval, 95 %."""

    def as_list(self) -> list[float]:
        return [round(self.low, 4), round(self.high, 4)]


@dataclass(frozen=True)
class Transplant:
    """What came of pasting regions into photos of other classes."""

    flips: Rate
    """Of photos that became the class."""
    control: Rate
    """The same with regions of equal area at random places."""
    covered: Rate
    """The same with the place only filled from its surroundings: what is lost there, not what is
    put there, makes these the class."""
    more: Rate
    """How many more flip than by the control, or by filling where that is more."""
    trials: int


def pasted(recipients: np.ndarray, donors: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Each recipient with a donor's pixels where the mask is. masks: bool (height, width), or one
    for each."""
    inside = masks[..., None] if masks.ndim == 3 else masks[None, ..., None]
    joined: np.ndarray = np.where(inside, donors, recipients)
    return joined


def transplant(
    asked: AskedClass,
    donors: np.ndarray,
    recipients: np.ndarray,
    mask: np.ndarray,
    random: np.random.Generator,
    *,
    trial: bool = False,
) -> Transplant:
    """Paste a region of photos of a class into photos of others, which the model takes for others.

    donors, recipients: uint8 (n, height, width, 3). Each recipient gets the region of one donor,
    and beside it a region of equal area, cut from the same donor at a random place and pasted
    there. Where there are few recipients, each gets those of several donors. What covers a place
    takes away what was there, too: so the place is filled from its surroundings for comparison.
    trial: whether it is only to choose something by, with half of the pastes and no filling.
    """
    if trial:
        recipients = recipients[: TRIALS // 2]
    rounds = max(1, -(-(TRIALS // 2 if trial else TRIALS) // len(recipients)))
    into = np.tile(np.arange(len(recipients)), rounds)
    of = _dealt(len(donors), len(into), random)
    flips = asked.took(pasted(recipients[into], donors[of], mask))
    elsewhere = moved_masks(mask, len(into), random)
    control = asked.took(pasted(recipients[into], donors[of], elsewhere))
    beside = np.zeros(len(recipients))
    if not trial:
        here = np.broadcast_to(mask, (len(recipients), *mask.shape))
        beside = asked.took(filled(recipients, here))
    hit, other = (each.reshape(rounds, -1).mean(axis=0) for each in (flips, control))
    drawn = random.integers(0, len(hit), (DRAWN, len(hit)))
    least = other if other.mean() >= beside.mean() else beside
    return Transplant(
        flips=rate_of(hit, drawn),
        control=rate_of(other, drawn),
        covered=rate_of(beside, drawn),
        more=rate_of(hit - least, drawn),
        trials=len(into),
    )


TRIALS = 64
"""Pastes at least."""


def rate_of(values: np.ndarray, drawn: np.ndarray) -> Rate:
    """The mean of values, with its bootstrap interval. drawn: int (samples, n), their places."""
    means = values[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Rate(float(values.mean()), float(low), float(high))


def gains(
    asked: AskedClass, donors: np.ndarray, recipients: np.ndarray, mask: np.ndarray
) -> np.ndarray:
    """float32 (donors,): by how much a donor's region raises the class above all others, the mean
    over the recipients."""
    total = np.zeros(len(donors), "float64")
    for recipient, before in zip(recipients, asked.margins(recipients), strict=True):
        copies = np.broadcast_to(recipient, donors.shape)
        total += asked.margins(pasted(copies, donors, mask)) - before
    return (total / len(recipients)).astype("float32")


def removal(
    asked: AskedClass, photos: np.ndarray, mask: np.ndarray, random: np.random.Generator
) -> dict[str, Rate]:
    """How many photos are no longer taken for the class without a region, and without one of equal
    area elsewhere. photos: uint8 (n, height, width, 3), of the class."""
    elsewhere = moved_masks(mask, ELSEWHERE, random)[np.arange(len(photos)) % ELSEWHERE]
    same = np.broadcast_to(mask, elsewhere.shape)
    drawn = random.integers(0, len(photos), (DRAWN, len(photos)))
    found = {}
    for name, remove in (("blur", blurred), ("fill", filled)):
        for masks, what in ((same, name), (elsewhere, f"{name}_control")):
            left = 1.0 - asked.took(remove(photos, masks))
            found[what] = rate_of(left, drawn)
    return found


def blurred(photos: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Photos with the region blurred. masks: bool (n, height, width)."""
    sigma = _BLUR * min(photos.shape[1:3])
    soft = ndimage.gaussian_filter(photos.astype("float32"), (0, sigma, sigma, 0))
    return pasted(photos, np.rint(soft).astype("uint8"), masks)


def filled(photos: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Photos with the region filled from what surrounds it. masks: bool (n, height, width)."""
    changed = photos.copy()
    known: dict[bytes, list[int]] = {}
    for k, mask in enumerate(masks):
        known.setdefault(mask.tobytes(), []).append(k)
    for same in known.values():
        # as channels of one image, whose equations are solved once
        height, width = photos.shape[1:3]
        channels = np.moveaxis(photos[same], 0, -2).reshape(1, height, width, -1)
        smooth = impute(channels.astype("float32"), masks[same[:1]], noise=0)
        filled = np.moveaxis(smooth.reshape(height, width, len(same), -1), -2, 0)
        changed[same] = np.clip(np.rint(filled), 0, 255).astype("uint8")
    return changed


def _dealt(count: int, wanted: int, random: np.random.Generator) -> np.ndarray:
    """`wanted` of `count` places, each as often as another."""
    rounds: Sequence[np.ndarray] = [random.permutation(count) for _ in range(-(-wanted // count))]
    dealt: np.ndarray = np.concatenate(rounds)[:wanted]
    return dealt
