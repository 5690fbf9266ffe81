"""From figures photo by photo to a table: means, intervals, and whether chance does as well."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seewhy.studies.benchmark.measures import Measure

MARKS = {"better": "", "even": "≈", "worse": "▼", "": ""}
"""What is put behind a figure, by its verdict."""
NAN = float("nan")
ROUNDING = 1e-6
Values = Mapping[str, Mapping[str, np.ndarray]]
"""By photo, by measure."""
RESAMPLES = 5000
CELLS = 2**22
"""Of a block of resamples that is held at once."""


@dataclass(frozen=True)
class Figure:
    """One measure of one row."""

    mean: float
    """Over the photos that counted; of a set measure, its value for them."""
    low: float
    high: float
    """Ends of the 95 % bootstrap interval over photos; NaN for fewer than two photos."""
    photos: int
    """How many counted."""
    left_out: int
    """How many did not, as the measure is not defined there."""
    versus: str = ""
    """The control that does best on the same grid; empty for controls."""
    difference: tuple[float, float, float] = (NAN, NAN, NAN)
    """Mean, low and high of the row less that control, photo by photo."""
    verdict: str = ""
    """Against that control: "better", "even" (the interval of the difference includes zero: not
    told from chance) or "worse"; empty for controls, and where fewer than two photos counted."""


@dataclass(frozen=True)
class TableRow:
    """A method at a layer of a model, or a control."""

    model: str
    layer: str
    """Of a control, the grid of its maps."""
    method: str
    control: bool
    figures: dict[str, Figure] = field(default_factory=dict)
    """By the measures' labels; empty if nothing could be explained."""
    seconds: float = NAN
    """For one warm explanation, the median; NaN for controls."""
    passes: float = NAN
    """Seconds over those of one warm forward pass."""
    problem: str = ""
    """Why it could not explain the model."""
    same_as: str = ""
    """An earlier method of this model with the same figures on every photo, "method · layer"."""

    @property
    def name(self) -> str:
        return f"{self.method} · {self.layer}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain: dict[str, Any] = _plain(
            vars(self) | {"figures": {k: vars(v) for k, v in self.figures.items()}}
        )
        return plain


def same_values(first: Values, second: Values) -> bool:
    """Whether two rows have the same figures on the same photos, but for rounding."""
    if first.keys() != second.keys():
        return False
    return all(
        np.allclose(values, second[photo][label], rtol=ROUNDING, atol=ROUNDING, equal_nan=True)
        for photo, row in first.items()
        for label, values in row.items()
    )


def row_figures(
    by_photo: Values, controls: Mapping[str, Values], measures: Sequence[Measure], seed: int
) -> dict[str, Figure]:
    """The figures of a row. controls: by name, those on the same grid; empty for a control."""
    return {measure.label: _figure(by_photo, controls, measure, seed) for measure in measures}


def _figure(
    by_photo: Values, controls: Mapping[str, Values], measure: Measure, seed: int
) -> Figure:
    known = _counting(by_photo, measure)
    left_out = len(by_photo) - len(known)
    if not known:
        return Figure(NAN, NAN, NAN, 0, left_out)
    values = _stacked(by_photo, known, measure)
    mean = set_statistic(values)
    low, high = NAN, NAN
    if len(known) > 1:
        low, high = percentile_interval(bootstrap_statistics([values], seed=seed)[0])
    name, difference = _against(by_photo, controls, measure, seed)
    sign = 1 if measure.high else -1
    verdict = "even" if name else ""
    # what differs by rounding only does not differ
    least = ROUNDING * max(abs(mean), abs(mean - difference[0]))
    if difference[1] > least or difference[2] < -least:
        verdict = "better" if sign * difference[0] > 0 else "worse"
    if np.isnan(difference[1]):
        verdict = ""
    return Figure(mean, low, high, len(known), left_out, name, difference, verdict)


def _against(
    by_photo: Values, controls: Mapping[str, Values], measure: Measure, seed: int
) -> tuple[str, tuple[float, float, float]]:
    """The best control, and by how much the row differs from it on the photos of both."""
    nothing = ("", (NAN, NAN, NAN))
    rivals = {name: _counting(values, measure) for name, values in controls.items()}
    heights = {
        name: set_statistic(_stacked(controls[name], known, measure))
        for name, known in rivals.items()
        if known
    }
    if not heights:
        return nothing
    best = (max if measure.high else min)(heights, key=lambda name: heights[name])
    both = [photo for photo in _counting(by_photo, measure) if photo in set(rivals[best])]
    if not both:
        return nothing
    pair = [_stacked(values, both, measure) for values in (by_photo, controls[best])]
    mean = set_statistic(pair[0]) - set_statistic(pair[1])
    if len(both) < 2:
        return best, (mean, NAN, NAN)
    draws = bootstrap_statistics(pair, seed=seed)
    return best, (mean, *percentile_interval(draws[0] - draws[1]))


def _counting(values: Values, measure: Measure) -> list[str]:
    """The photos for which the measure is defined."""
    return [photo for photo, row in values.items() if not np.isnan(row[measure.label]).any()]


def _stacked(values: Values, photos: Sequence[str], measure: Measure) -> np.ndarray:
    return np.stack([values[photo][measure.label] for photo in photos])


def _plain(value: Any) -> Any:
    """Without NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def set_statistic(values: np.ndarray) -> float:
    """What a table tells of a set of photos: the mean, or of a set measure the best of the means.

    values: (photos, k), with k = 1 but for measures that choose one threshold for all photos.
    """
    return float(values.mean(axis=0).max())


def bootstrap_statistics(
    samples: Sequence[np.ndarray], *, seed: int = 0, resamples: int = RESAMPLES
) -> np.ndarray:
    """The `statistic` of each sample over photos drawn with replacement, (samples, resamples).

    samples: each (photos, k), of the same photos: each draw takes the same photos of all of them,
    so that differences are paired. Efron 1979, "Bootstrap methods: another look at the jackknife".
    """
    photos = len(samples[0])
    block = max(1, CELLS // max(photos, max(sample.shape[1] for sample in samples)))
    blocks = []
    for number, start in enumerate(range(0, resamples, block)):
        counts = _counts(photos, min(block, resamples - start), seed, number)
        blocks.append(np.stack([(counts @ sample / photos).max(axis=1) for sample in samples]))
    return np.concatenate(blocks, axis=1)


@functools.lru_cache(maxsize=4)
def _counts(photos: int, rows: int, seed: int, number: int) -> np.ndarray:
    """How often each photo is drawn, float64 (rows, photos); kept, as a table asks for many."""
    generator = np.random.default_rng([seed, number])
    drawn = generator.integers(0, photos, (rows, photos)) + photos * np.arange(rows)[:, None]
    counts: np.ndarray = np.bincount(drawn.ravel(), minlength=rows * photos)
    return counts.reshape(rows, photos).astype("float64")


def percentile_interval(draws: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """The middle share of the draws (resamples,): Efron's percentile interval."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
