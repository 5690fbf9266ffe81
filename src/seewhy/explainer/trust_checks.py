"""The checks of trust, each from the evidence that was gathered to an answer in words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from seewhy.maps.correlation import correlation
from seewhy.maps.shift_test import ShiftTest, coarse, shift_test
from seewhy.results.trust import Check, Trust

# So much of the evidence should speak for the target.
POSITIVE = 0.1
# A class that is less probable is not supported; so many times chance where there are more classes.
SUPPORTED, CHANCE = 0.01, 10
# The map and that of the mirror image, mirrored back, should correlate by this much.
STEADY = 0.9
# Where the method's own map foretells the score, this much is enough.
LEAST_STEADY = 0.8
# So few of its moved copies foretell the score as well as the map.
FORETOLD = 0.1
# Maps that correlate by more are the same map to the eye.
ALIKE = 0.8
# How often the hottest place of Grad-CAM's maps lay on the pasted thing: 102 of 116 where the flip
# correlated by STEADIEST and FORETOLD_BEST of the moved copies or fewer foretold as well, and 24
# of 49 elsewhere (docs/trust.md).
STEADIEST, FORETOLD_BEST = 0.95, 0.05
ON_OBJECT, ELSEWHERE = 0.88, 0.49
# A map correlates with itself by this much, however it was enlarged meanwhile.
SAME = 0.99
# Where the best half of any pair scores more than the other by no more, none is better: of the log
# of probabilities, and of other scores as a share of the largest.
LEAST_LEAD, LEAST_SHARE = 0.05, 0.001
# Probabilities of all halves that are by so little off that of the photo do not depend on it.
UNMOVED = 0.01
# Maps that vary by less of their largest value are the same everywhere but for rounding.
FLAT = 1e-5


@dataclass
class Evidence:
    """What the checks look at: maps on one grid, and figures. None with a reason if not asked."""

    map: np.ndarray
    method: str
    claimed: bool
    """Whether the map is said to be the method's own."""
    own: np.ndarray
    """The method's map of the same image and question."""
    flipped: np.ndarray | None = None
    """The method's map of the mirrored image, mirrored back."""
    least: np.ndarray | None = None
    """The method's map of the least likely class."""
    least_asked: bool = False
    """Whether the target is itself the least likely class."""
    probability: float | None = None
    classes: int = 0
    unmoved: bool = False
    """Whether the class is as probable whatever half of the photo is seen."""
    shift: ShiftTest | None = None
    reasons: dict[str, str] = field(default_factory=dict)
    """Why something was not asked, by the name of the check."""

    def compare_halves(
        self, on_input: np.ndarray, parts: np.ndarray, scores: np.ndarray, *, of_class: bool
    ) -> None:
        """Take in what the halves of the photo score.

        on_input: the map as it lies over the network's input. parts: bool (pairs, height, width).
        scores: (2 × pairs,), of the parts and of what is outside of them. of_class: whether they
        are probabilities of a class.
        """
        values = np.log(np.maximum(scores, np.finfo("float32").tiny)) if of_class else scores
        leads = values[: len(parts)] - values[len(parts) :]
        least = LEAST_LEAD if of_class else LEAST_SHARE * float(np.abs(values).max())
        if float(np.abs(leads).max()) > least:
            self.shift = shift_test(on_input, parts, leads)
        else:
            self.reasons["foretells the score"] = (
                f"The score hardly depends on what is seen of the photo: halves score "
                f"{scores.min():.3g} to {scores.max():.3g}, so that there is nothing to foretell."
            )
        if of_class and self.probability:
            off = float(np.abs(scores / self.probability - 1).max())
            self.unmoved = off <= UNMOVED


def judged(evidence: Evidence) -> Trust:
    """All checks, and what is known beside them."""
    steady, foretells = _steady(evidence), _foretells(evidence)
    checks = (
        _positive(evidence.map),
        _supported(evidence),
        *_excused(steady, foretells, claimed=evidence.claimed),
        _same(evidence),
        _differs(evidence),
    )
    return Trust(checks, evidence.probability, _on_object(evidence, steady, foretells))


def not_finite() -> Trust:
    """The only answer about a map that has NaN or infinite values."""
    return Trust((Check("finite", False, np.nan, "The map is not finite.", grave=True),))


def _on_object(evidence: Evidence, steady: Check, foretells: Check) -> float | None:
    """Of a class's map by its own method only: of others it was not measured."""
    asked = steady.passed is not None and foretells.passed is not None
    if not (asked and evidence.claimed and evidence.probability is not None):
        return None
    both = steady.figure >= STEADIEST and foretells.figure <= FORETOLD_BEST
    return ON_OBJECT if both else ELSEWHERE


def _is_flat(map: np.ndarray) -> bool:
    """Whether a map prefers no place, so that no comparison of places says anything."""
    return bool(np.ptp(map) <= FLAT * np.abs(map).max())


def _not_asked(evidence: Evidence, name: str) -> Check:
    return Check(name, None, np.nan, evidence.reasons[name])


def _positive(map: np.ndarray) -> Check:
    positive, whole = np.maximum(map, 0).sum(), np.abs(map).sum()
    share = float(positive / whole) if whole else 0.0
    if not whole:
        words = "The map is zero everywhere: it shows nothing."
        return Check("positive evidence", False, share, words, grave=True)
    words = f"{share:.0%} of the evidence speaks for the target (expected: {POSITIVE:.0%} or more)."
    return Check("positive evidence", share >= POSITIVE, share, words, grave=share == 0)


def _supported(evidence: Evidence) -> Check:
    name = "the class is supported"
    if evidence.probability is None:
        return _not_asked(evidence, name)
    least = min(SUPPORTED, CHANCE / max(1, evidence.classes))
    words = (
        f"The class has a probability of {evidence.probability:.2g} (expected: {least:.2g} or "
        f"more)."
    )
    if evidence.unmoved and evidence.probability >= least:
        words = (
            f"The class has a probability of {evidence.probability:.2g} whichever half of the "
            f"photo is seen: it says nothing of this photo."
        )
        return Check(name, None, evidence.probability, words)
    return Check(name, evidence.probability >= least, evidence.probability, words)


def _steady(evidence: Evidence) -> Check:
    name = "stable under a flip"
    if evidence.flipped is None:
        return _not_asked(evidence, name)
    # by regions: the strides of a network lie otherwise on the mirror image
    one, other = coarse(evidence.map), coarse(evidence.flipped)
    if _is_flat(one) and _is_flat(other):
        words = "The map is the same everywhere, on the mirror image too: nothing to compare."
        return Check(name, None, np.nan, words)
    value = correlation(one, other)
    whose = "" if evidence.claimed else f" by {evidence.method}"
    words = (
        f"The map of the mirror image{whose} correlates by {value:.2f} (expected: {STEADY} or "
        f"more)."
    )
    return Check(name, value >= STEADY, value, words)


def _foretells(evidence: Evidence) -> Check:
    name = "foretells the score"
    if evidence.shift is None:
        return _not_asked(evidence, name)
    if _is_flat(coarse(evidence.map)):
        words = "The map is the same everywhere: it prefers no half of the photo."
        return Check(name, None, np.nan, words)
    found = evidence.shift
    words = (
        f"Which half of the photo scores more it foretells by {found.agreement:.2f}, as do "
        f"{found.p:.1%} of its copies elsewhere (expected: {FORETOLD:.0%} or less), and a Gaussian "
        f"in the middle by {found.centre:.2f} (expected: less)."
    )
    passed = found.p <= FORETOLD and found.agreement > found.centre
    return Check(name, passed, found.p, words)


def _excused(steady: Check, foretells: Check, *, claimed: bool) -> list[Check]:
    """A map that is stable need not foretell, and one that foretells may be a little less stable.

    What fills the photo or is on it twice can be missed, so that no half scores more. Maps of
    which nobody says the method are not excused: too many that lie about right foretell a little.
    """
    if steady.passed and foretells.passed is False:
        words = f"{foretells.words} Excused, as the map is stable."
        return [steady, replace(foretells, words=words, excused=True)]
    near = claimed and steady.passed is False and steady.figure >= LEAST_STEADY
    if near and foretells.passed:
        words = f"{steady.words} Excused from {LEAST_STEADY} on, as it foretells the score."
        return [replace(steady, words=words, excused=True), foretells]
    return [steady, foretells]


def _same(evidence: Evidence) -> Check:
    name = "is the method's own map"
    if not evidence.claimed:
        words = "Not compared with the method's own map: of which method it is was not said."
        return Check(name, None, np.nan, words)
    one, other = np.maximum(evidence.map, 0), np.maximum(evidence.own, 0)
    if _is_flat(one) and _is_flat(other):
        words = (
            f"The map and that by {evidence.method} are the same everywhere: nothing to compare."
        )
        return Check(name, None, np.nan, words)
    value = 1.0 if np.allclose(one, other, rtol=1e-3) else correlation(one, other)
    words = f"The map by {evidence.method} correlates by {value:.3f} (expected: {SAME} or more)."
    return Check(name, value >= SAME, value, words, grave=True)


def _differs(evidence: Evidence) -> Check:
    name = "differs from the least likely class"
    if evidence.least_asked:
        words = "The least likely class itself was asked: there is nothing to explain."
        return Check(name, False, 1.0, words, grave=True)
    if evidence.least is None:
        return _not_asked(evidence, name)
    if _is_flat(np.maximum(evidence.map, 0)):
        words = "The map is the same everywhere: it has nothing in which it could differ."
        return Check(name, None, np.nan, words)
    if _is_flat(np.maximum(evidence.least, 0)):
        words = "Nothing speaks for the least likely class: its map is empty, nothing to compare."
        return Check(name, None, np.nan, words)
    # cell by cell: two classes may have their evidence in one region, each at places of its own
    value = correlation(np.maximum(evidence.map, 0), np.maximum(evidence.least, 0))
    words = (
        f"The map of the least likely class correlates by {value:.2f} (expected: {ALIKE} or less)."
    )
    if evidence.unmoved and value <= ALIKE:
        words = (
            "The class is as probable whatever is seen of the photo: that its map differs from "
            "another class's says nothing of this photo."
        )
        return Check(name, None, value, words)
    return Check(name, value <= ALIKE, value, words, grave=True)
