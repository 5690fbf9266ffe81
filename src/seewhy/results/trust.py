"""The verdict of whether a map is faithful to its model, and the checks behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seewhy.render.notebooks.frames import data_frame
from seewhy.render.notebooks.html import HtmlTable, notebook_html

if TYPE_CHECKING:
    from pandas import DataFrame

ANSWERS = {"pass": "yes", "doubtful": "doubtful", "fail": "no"}
SCOPE = "It says nothing of whether the model's reason is good."
PREMISES = ("positive evidence", "the class is supported", "is the method's own map")
"""Checks that maps without any meaning pass as well: they alone make no verdict."""


@dataclass(frozen=True)
class Check:
    """One question about an explanation, and its answer."""

    name: str
    passed: bool | None
    """None where it could not be asked, or could have told nothing apart."""
    figure: float
    """NaN where it could not be asked."""
    words: str
    grave: bool = False
    """Whether an explanation that does not pass it explains nothing."""
    excused: bool = False
    """Whether a check that passed makes up for it, so that it does not count."""

    @property
    def answer(self) -> str:
        """ "yes", "no", "excused" or "not asked"."""
        if self.excused:
            return "excused"
        return {True: "yes", False: "no", None: "not asked"}[self.passed]


@dataclass(frozen=True)
class Trust:
    """All checks of one explanation: whether its map is faithful to the model.

    They say nothing of whether the model's reason is good.
    """

    checks: tuple[Check, ...]
    right: float | None = None
    """0..1: how probable it is that the class is right, by the network's own account."""
    on_object: float | None = None
    """0..1: how often the hottest place lay on the thing where the checks had such figures.

    Measured with Grad-CAM of the bundled network, see docs/trust.md. Neither of the two plays a
    part in the verdict, which is about the map. None where it is not known.
    """

    @property
    def beside(self) -> tuple[str, ...]:
        """What is told beside the verdict, which is about the map and not about the answer."""
        told = []
        if self.right is not None:
            told.append(f"The network itself gives the class a probability of {self.right:.2g}.")
        if self.on_object is not None:
            told.append(
                f"Of maps with such figures {self.on_object:.0%} had their hottest place on the "
                f"thing (of the bundled network, docs/trust.md)."
            )
        return tuple(told)

    @property
    def verdict(self) -> str:
        """ "pass", "doubtful" or "fail"."""
        missed = self._missed
        if any(check.grave for check in missed):
            return "fail"
        return "doubtful" if missed or not self._told_apart else "pass"

    @property
    def answer(self) -> str:
        """Whether the map is faithful to the model: "yes", "doubtful" or "no"."""
        return ANSWERS[self.verdict]

    @property
    def _told_apart(self) -> bool:
        """Whether a check passed that a map without meaning might have missed."""
        return any(check.passed and check.name not in PREMISES for check in self.checks)

    @property
    def _missed(self) -> list[Check]:
        return [check for check in self.checks if check.passed is False and not check.excused]

    @property
    def why(self) -> str:
        """What led to the verdict, in one line."""
        missed = [check.words for check in self._missed]
        count = sum(check.passed is not None for check in self.checks)
        passed = sum(check.passed is True for check in self.checks)
        if not missed and not self._told_apart:
            return "No check could be made that tells the map from one without meaning."
        if passed == count:
            return f"All {count} checks that could be made pass."
        excused = [check.words for check in self.checks if check.excused]
        return " ".join(missed) or f"{passed} of {count} checks pass. {' '.join(excused)}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        checks = [
            vars(check)
            | {"figure": None if np.isnan(check.figure) else check.figure, "answer": check.answer}
            for check in self.checks
        ]
        return {
            "verdict": self.verdict,
            "faithful_to_the_model": self.answer,
            "scope": SCOPE,
            "why": self.why,
            "checks": checks,
            "right": self.right,
            "on_object": self.on_object,
        }

    def to_frame(self) -> DataFrame:
        """A data frame with a row for each check. Raises DependencyError without pandas."""
        return data_frame([vars(check) | {"answer": check.answer} for check in self.checks])

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """The verdict and its checks as a piece of HTML for notebooks."""
        rows = [(check.answer, check.words) for check in self.checks]
        table = HtmlTable((), [*rows, *(("beside", words) for words in self.beside)])
        first, *_ = str(self).splitlines()
        return notebook_html(first, tables=[table], notes=[SCOPE])

    def __str__(self) -> str:
        marks = {"no": "NO"}
        lines = [
            f"{marks.get(check.answer, check.answer):9} {check.words}" for check in self.checks
        ]
        lines += [f"{'beside':9} {words}" for words in self.beside]
        return "\n".join([f"faithful to the model: {self.answer}", *lines, SCOPE])
