"""Pictures of a benchmark: figures with their intervals, and what they cost."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from seewhy.standings import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from seewhy.benchmarking import Benchmark
    from seewhy.measures import Measure

COLOURS = {"better": "#1b6ca8", "even": "#c0392b", "worse": "#c0392b", "": "#444444"}
CONTROL = "#888888"
ACROSS = 4
"""Panels beside each other."""


def pngs(done: Benchmark) -> dict[str, bytes]:
    """PNG files by name: "figures", and "cost" where a method was timed."""
    made = {"figures": figures(done)}
    if any(_costly(row, _faithful(done)) for row in done.rows):
        made["cost"] = cost(done)
    return {name: _png(figure) for name, figure in made.items()}


def figures(done: Benchmark) -> Any:
    """A panel for each measure: a point with its interval for each row, the controls shaded."""
    from matplotlib.figure import Figure

    rows = [row for row in done.rows if row.figures]
    several = len({row.model for row in rows}) > 1
    across = min(ACROSS, len(done.measures))
    down = -(-len(done.measures) // across)
    size = (3.2 + 2.6 * across, (1.2 + 0.28 * len(rows)) * down)
    picture = Figure(figsize=size, layout="constrained")
    grid = picture.subplots(down, across, squeeze=False, sharey=True)
    for axes, measure in zip(grid.flat, done.measures, strict=False):
        _panel(axes, rows, measure)
    for axes in list(grid.flat)[len(done.measures) :]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_yticks(range(len(rows)))
        names = [f"{row.model} · {row.name}" if several else row.name for row in rows]
        axes.set_yticklabels(names, fontsize=8)
        axes.set_ylim(len(rows) - 0.5, -0.5)
    picture.suptitle(
        f"{done.photos} photos; grey: controls; red, hollow: not better than the best of them",
        fontsize=9,
    )
    return picture


def _panel(axes: Axes, rows: list[Row], measure: Measure) -> None:
    axes.set_title(measure.heading, fontsize=10)
    for at, row in enumerate(rows):
        if row.control:
            axes.axhspan(at - 0.5, at + 0.5, color="#eeeeee", zorder=0)
        own = row.figures[measure.label]
        if not own.photos:
            continue
        colour = CONTROL if row.control else COLOURS[own.verdict]
        if own.low == own.low:
            axes.plot([own.low, own.high], [at, at], color=colour, linewidth=1.6, zorder=2)
        filled = row.control or own.verdict in ("better", "")
        axes.plot(
            [own.mean],
            [at],
            marker="s" if row.control else "o",
            markersize=5,
            color=colour,
            markerfacecolor=colour if filled else "white",
            zorder=3,
        )
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def cost(done: Benchmark) -> Any:
    """A faithfulness measure over forward passes, the controls as lines."""
    from matplotlib.figure import Figure

    measure = _faithful(done)
    picture = Figure(figsize=(7, 4.5), layout="constrained")
    axes = picture.subplots()
    models = list(dict.fromkeys(row.model for row in done.rows))
    for row in done.rows:
        marker = "osD^vP*X"[models.index(row.model) % 8]
        if _costly(row, measure):
            own = row.figures[measure.label]
            colour = COLOURS[own.verdict]
            face = colour if own.verdict in ("better", "") else "white"
            axes.plot([row.passes], [own.mean], marker=marker, color=colour, markerfacecolor=face)
            if own.low == own.low:
                axes.plot([row.passes] * 2, [own.low, own.high], color=colour, linewidth=1)
            words = f"{row.method} ({row.model})" if len(models) > 1 else row.name
            axes.annotate(
                words, (row.passes, own.mean), (5, 5), textcoords="offset points", fontsize=8
            )
        elif row.control and row.figures and row.figures[measure.label].photos:
            mean = row.figures[measure.label].mean
            axes.axhline(mean, color="#bbbbbb", linewidth=1, linestyle="--", zorder=0)
            axes.annotate(
                f"{row.method} ({row.layer})",
                (0.995, mean),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="bottom",
                fontsize=7,
                color=CONTROL,
            )
    axes.set_xscale("log")
    axes.margins(x=0.25)
    axes.set_xlabel("cost in forward passes")
    axes.set_ylabel(measure.heading)
    return picture


def _faithful(done: Benchmark) -> Measure:
    """The measure that is shown over cost: the first of faithfulness, or else the first."""
    return next((one for one in done.measures if one.kind == "faithfulness"), done.measures[0])


def _costly(row: Row, measure: Measure) -> bool:
    return bool(row.passes == row.passes and row.figures and row.figures[measure.label].photos)


def _png(figure: Any) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    file = io.BytesIO()
    FigureCanvasAgg(figure).print_png(file, metadata={"Software": None})
    return file.getvalue()
