"""Pictures of a benchmark: figures with their intervals, and what they cost."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from seewhy.studies.benchmark.measures import shown_measure
from seewhy.studies.benchmark.statistics import TableRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

    from seewhy.studies.benchmark.measures import Measure

COLOURS = {"better": "#1b6ca8", "even": "#c0392b", "worse": "#c0392b", "": "#444444"}
CONTROL = "#888888"
ACROSS = 4
"""Panels beside each other."""
NEAR = 9
"""Pixels within which points share their label."""
OFFSETS: tuple[tuple[int, int, Literal["left", "right", "center"]], ...] = (
    *((6, 3, "left"), (-6, 3, "right"), (6, -11, "left"), (-6, -11, "right")),
    *((0, 12, "center"), (0, -20, "center"), (20, 3, "left"), (-20, 3, "right")),
    *((0, 26, "center"), (0, -34, "center"), (34, 3, "left"), (-34, 3, "right")),
)
"""Points from a mark to its number, and on which side of it, the best first."""


def pngs(rows: Sequence[TableRow], measures: Sequence[Measure], photos: int) -> dict[str, bytes]:
    """PNG files by name: "figures", and "cost" where a method was timed."""
    drawn = {"figures": figures(rows, measures, photos)}
    if any(_costly(row, shown_measure(measures)) for row in rows):
        drawn["cost"] = cost(rows, measures)
    return {name: _png(figure) for name, figure in drawn.items()}


def figures(rows: Sequence[TableRow], measures: Sequence[Measure], photos: int) -> Any:
    """A panel for each measure: a point with its interval for each row, the controls shaded."""
    from matplotlib.figure import Figure

    rows = [row for row in rows if row.figures]
    several = len({row.model for row in rows}) > 1
    across = min(ACROSS, len(measures))
    down = -(-len(measures) // across)
    size = (3.2 + 2.6 * across, (1.2 + 0.28 * len(rows)) * down)
    picture = Figure(figsize=size, layout="constrained")
    grid = picture.subplots(down, across, squeeze=False, sharey=True)
    for axes, measure in zip(grid.flat, measures, strict=False):
        _panel(axes, rows, measure)
    for axes in list(grid.flat)[len(measures) :]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_yticks(range(len(rows)))
        names = [f"{row.model} · {row.name}" if several else row.name for row in rows]
        axes.set_yticklabels(names, fontsize=8)
        axes.set_ylim(len(rows) - 0.5, -0.5)
    picture.suptitle(
        f"{photos} photos; grey: controls; red, hollow: not better than the best of them",
        fontsize=9,
    )
    return picture


def _panel(axes: Axes, rows: list[TableRow], measure: Measure) -> None:
    axes.set_title(textwrap.fill(measure.heading, 26), fontsize=10)
    for at, row in enumerate(rows):
        if row.control:
            axes.axhspan(at - 0.5, at + 0.5, color="#eeeeee", zorder=0)
        figure = row.figures[measure.label]
        if not figure.photos:
            continue
        colour = CONTROL if row.control else COLOURS[figure.verdict]
        if figure.low == figure.low:
            axes.plot([figure.low, figure.high], [at, at], color=colour, linewidth=1.6, zorder=2)
        filled = row.control or figure.verdict in ("better", "")
        axes.plot(
            [figure.mean],
            [at],
            marker="s" if row.control else "o",
            markersize=5,
            color=colour,
            markerfacecolor=colour if filled else "white",
            zorder=3,
        )
    axes.tick_params(axis="x", labelsize=8)
    axes.locator_params(axis="x", nbins=4)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def cost(rows: Sequence[TableRow], measures: Sequence[Measure]) -> Any:
    """A faithfulness measure over forward passes, beside the best control of each grid."""
    from matplotlib.figure import Figure

    measure = shown_measure(measures)
    picture = Figure(figsize=(9, 4.5), layout="constrained")
    axes = picture.subplots()
    models = list(dict.fromkeys(row.model for row in rows))
    timed = [row for row in rows if _costly(row, measure)]
    for number, row in enumerate(timed, 1):
        _draw_cost(axes, number, row, measure, models)
    for at, row in enumerate(_best_controls(rows, measure)):
        words = f"{row.method}, {row.layer}" + (f" ({row.model})" if len(models) > 1 else "")
        style = ("--", ":", "-.", (0, (5, 5)))[at % 4]
        mean = row.figures[measure.label].mean
        axes.axhline(mean, color=CONTROL, linewidth=1, linestyle=style, zorder=0, label=words)
    _scale_costs(axes, [row.passes for row in timed])
    axes.set_ylabel(measure.heading)
    axes.grid(color="#eeeeee", linewidth=0.6)
    picture.legend(loc="outside right upper", fontsize=8, frameon=False)
    number_points(axes, [(row.passes, row.figures[measure.label].mean) for row in timed])
    return picture


def _draw_cost(
    axes: Axes, number: int, row: TableRow, measure: Measure, models: Sequence[str]
) -> None:
    """One method's figure with its interval, over its cost."""
    figure = row.figures[measure.label]
    colour = COLOURS[figure.verdict]
    words = f"{row.name} ({row.model})" if len(models) > 1 else row.name
    axes.plot(
        [row.passes],
        [figure.mean],
        marker="osD^vP*X"[models.index(row.model) % 8],
        linestyle="none",
        color=colour,
        markerfacecolor=colour if figure.verdict in ("better", "") else "white",
        label=f"{number}  {words}",
    )
    if figure.low == figure.low:
        axes.plot([row.passes] * 2, [figure.low, figure.high], color=colour, linewidth=1)


def number_points(axes: Axes, points: Sequence[tuple[float, float]]) -> None:
    """Numbers beside points, from 1 on; points that lie on each other share one label."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(axes.figure)
    canvas.draw()  # before, nobody knows where points lie
    places = [tuple(axes.transData.transform(point)) for point in points]
    groups: list[list[int]] = []
    for k, place in enumerate(places):
        far = {n: math.dist(places[group[0]], place) for n, group in enumerate(groups)}
        nearest = min(far, key=lambda n: far[n], default=None)
        if nearest is not None and far[nearest] < NEAR:
            groups[nearest].append(k)
        else:
            groups.append([k])
    # the marks too must not be covered
    taken: list[Bbox] = [_around(place) for place in places]
    for group in groups:
        words = ", ".join(str(k + 1) for k in group)
        for at, (dx, dy, side) in enumerate(OFFSETS):
            label = axes.annotate(
                words, points[group[0]], (dx, dy), textcoords="offset points", fontsize=9, ha=side
            )
            extent = label.get_window_extent(canvas.get_renderer())
            if at == len(OFFSETS) - 1 or not any(extent.overlaps(other) for other in taken):
                taken.append(extent)
                break
            label.remove()


def _around(place: tuple[float, ...]) -> Bbox:
    from matplotlib.transforms import Bbox

    x, y = place
    return Bbox.from_extents(x - 4, y - 4, x + 4, y + 4)


def _scale_costs(axes: Axes, costs: Sequence[float]) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.set_xscale("log")
    # one figure in three between powers of ten: few enough to be read beside each other
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(min(0.5, min(costs) / 2), max(costs) * 2)
    axes.set_xlabel("cost in forward passes")


def _best_controls(rows: Sequence[TableRow], measure: Measure) -> list[TableRow]:
    """Of each model and grid the control that does best."""
    best: dict[tuple[str, str], TableRow] = {}
    for row in rows:
        if row.control and row.figures and row.figures[measure.label].photos:
            rival = best.get((row.model, row.layer))
            sign = 1 if measure.high else -1
            mine = sign * row.figures[measure.label].mean
            if rival is None or mine > sign * rival.figures[measure.label].mean:
                best[row.model, row.layer] = row
    return list(best.values())


def _costly(row: TableRow, measure: Measure) -> bool:
    return bool(row.passes == row.passes and row.figures and row.figures[measure.label].photos)


def _png(figure: Any) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    file = io.BytesIO()
    FigureCanvasAgg(figure).print_png(file, metadata={"Software": None})
    return file.getvalue()
