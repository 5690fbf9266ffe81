"""The table of a benchmark as CSV, Markdown, HTML and plain cells."""

from __future__ import annotations

import csv as to_csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seewhy.render import files
from seewhy.render.embedded.html import record_script
from seewhy.render.legends import colour_bar
from seewhy.render.looks import CLEAR
from seewhy.render.notebooks.frames import data_frame
from seewhy.render.notebooks.html import HtmlTable, notebook_html, picture_address
from seewhy.render.pages import data_address, html_page
from seewhy.studies.benchmark.best_and_worst import DrawnMethod
from seewhy.studies.benchmark.measures import Measure
from seewhy.studies.benchmark.statistics import MARKS, Figure, TableRow
from seewhy.studies.csv_cells import text_cell

if TYPE_CHECKING:
    from pandas import DataFrame

ROW = ("model", "layer", "method", "control", "seconds", "passes", "problem", "same_as")
LEGEND = (
    "Means over photos with 95 % bootstrap intervals. ≈ is not told from the best control "
    "(the interval of the paired difference includes zero), ▼ is worse than it. (n) counts the "
    "photos where some had no figure."
)


def headings(benchmark: Benchmark) -> list[str]:
    """Of the columns of `cells`."""
    return [
        "model",
        "layer",
        "method",
        *(measure.heading for measure in benchmark.measures),
        "s",
        "passes",
    ]


def cells(benchmark: Benchmark, row: TableRow) -> list[str]:
    """One row in words."""
    same = f" (= {row.same_as.removesuffix(f' · {row.layer}')})" if row.same_as else ""
    first = [row.model, row.layer, f"{row.method}{same}"]
    if row.problem:
        return [*first, row.problem]
    shown = [figure_text(row.figures.get(measure.label)) for measure in benchmark.measures]
    return [*first, *shown, number_text(row.seconds, ".3g"), number_text(row.passes, ".1f")]


def figure_text(figure: Figure | None) -> str:
    """As "0.412 [0.398, 0.431] ≈"."""
    if figure is None or not figure.photos:
        return "–"
    text = _short(figure.mean)
    if figure.low == figure.low:
        text += f" [{_short(figure.low)}, {_short(figure.high)}]"
    if figure.left_out:
        text += f" ({figure.photos})"
    return f"{text} {MARKS[figure.verdict]}".rstrip()


def _short(value: float) -> str:
    return f"{value:.3f}" if abs(value) >= 0.01 or not value else f"{value:.2g}"


def number_text(value: float, form: str) -> str:
    return "–" if value != value else f"{value:{form}}"


def csv(benchmark: Benchmark) -> str:
    """One line a row, all numbers in full; nothing where a figure is not defined."""
    ends = ("", "_low", "_high", "_photos", "_left_out", "_versus")
    more = ("_difference", "_difference_low", "_difference_high", "_verdict")
    file = io.StringIO()
    writer = to_csv.writer(file)
    head = ["model", "layer", "method", "control", "seconds", "passes", "problem"]
    writer.writerow(
        head + [f"{measure.label}{end}" for measure in benchmark.measures for end in ends + more]
    )
    for row in benchmark.rows:
        names = [text_cell(name) for name in (row.model, row.layer, row.method)]
        line = [*names, int(row.control), row.seconds, row.passes, text_cell(row.problem)]
        for measure in benchmark.measures:
            figure = row.figures.get(measure.label)
            if figure is None:
                line += [""] * len(ends + more)
                continue
            line += [
                figure.mean,
                figure.low,
                figure.high,
                figure.photos,
                figure.left_out,
                figure.versus,
            ]
            line += [*figure.difference, figure.verdict]
        writer.writerow(["" if value != value else value for value in line])
    return file.getvalue()


def markdown(benchmark: Benchmark) -> str:
    """A table in GitHub's Markdown, and below it what must be known to read it."""
    columns = headings(benchmark)
    lines = [_line(columns), "|---" * 3 + "|---:" * (len(columns) - 3) + "|"]
    for row in benchmark.rows:
        texts = [_safe(text) for text in cells(benchmark, row)]
        texts = [f"*{text}*" for text in texts] if row.control else texts
        lines.append(_line([*texts, *[""] * (len(columns) - len(texts))]))
    below = [LEGEND, *benchmark.notes, *_papers(benchmark)]
    return "\n".join([*lines, "", *(f"- {_safe(text)}" for text in below)]) + "\n"


def html(
    benchmark: Benchmark,
    pictures: Mapping[str, bytes],
    methods: Sequence[DrawnMethod] = (),
) -> str:
    """One page that holds everything. pictures: PNG files by name. methods: with their photos."""
    return html_page(
        "benchmark.html",
        about=", ".join(f"{name}: {value}" for name, value in benchmark.settings.items()),
        headings=headings(benchmark),
        rows=[_html_row(benchmark, row) for row in benchmark.rows],
        notes=[LEGEND, *benchmark.notes, *_papers(benchmark), *benchmark.problems],
        methods=[_with_addresses(method) for method in methods],
        look=picture_address(colour_bar(CLEAR, 160), 160),
        pictures=[(name, data_address(data, "image/png")) for name, data in pictures.items()],
        record=record_script(_record(benchmark)),
    )


def _record(benchmark: Benchmark) -> str | None:
    return None if benchmark.record is None else json.dumps({"record": benchmark.record})


def _html_row(benchmark: Benchmark, row: TableRow) -> dict[str, Any]:
    """What the page shows of a row: its texts, each with the verdict that colours it."""
    verdicts = [
        row.figures[measure.label].verdict if row.figures else "" for measure in benchmark.measures
    ]
    means = [
        row.figures[measure.label].mean if row.figures else float("nan")
        for measure in benchmark.measures
    ]
    return {
        "problem": bool(row.problem),
        "control": row.control,
        "texts": cells(benchmark, row),
        "sizes": [*[""] * 3, *map(_sorted_by, means), *map(_sorted_by, (row.seconds, row.passes))],
        "verdicts": ["", "", "", *verdicts, "", ""],
    }


def _sorted_by(value: float) -> str:
    return "" if value != value else repr(float(value))


def _with_addresses(method: DrawnMethod) -> dict[str, Any]:
    photos = [
        {"words": each.words, "asked": each.asked, "picture": picture_address(each.picture, 640)}
        for each in method.photos
    ]
    return {"name": method.name, "photos": photos}


def _papers(benchmark: Benchmark) -> list[str]:
    return [f"{measure.heading} – {measure.paper}" for measure in benchmark.measures]


def _line(texts: Sequence[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def _safe(text: str) -> str:
    """Text that neither ends a cell nor begins a tag."""
    for sign in ("\\", "|", "*", "_", "<", "`"):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


@dataclass(frozen=True)
class Benchmark:
    """A table of methods, layers and models, the controls in it."""

    rows: tuple[TableRow, ...]
    """Of each model the methods, then the controls of each grid that maps had."""
    measures: tuple[Measure, ...]
    photos: int
    """How many were read."""
    settings: dict[str, Any]
    notes: tuple[str, ...]
    """What has to be known to read the figures."""
    problems: tuple[str, ...]
    """Photos that could not be used, and what could not be measured, with the reasons."""

    record: dict[str, Any] | None = field(default=None, repr=False)
    """The models with their weights' SHA-256, and what was chosen."""
    draw: Callable[[], tuple[DrawnMethod, ...]] | None = field(
        default=None, repr=False, compare=False
    )
    """Makes the pictures of the photos on which each method did best and worst."""

    def to_frame(self) -> DataFrame:
        """A data frame with a row for each method and control, and a column for each mean.

        Raises DependencyError without pandas.
        """
        return data_frame(
            [
                {name: getattr(row, name) for name in ROW}
                | {measure: figure.mean for measure, figure in row.figures.items()}
                for row in self.rows
            ]
        )

    def _repr_html_(self) -> str:
        marks = ["faint" if row.control else "" for row in self.rows]
        columns = headings(self)
        rows = [[*texts, *[""] * (len(columns) - len(texts))] for texts in self._texts]
        table = HtmlTable(columns, rows, marks=marks)
        notes = (LEGEND, *self.notes, *self.problems)
        return notebook_html(f"{self.photos} photos", tables=[table], notes=notes)

    @property
    def _texts(self) -> list[list[str]]:
        return [cells(self, row) for row in self.rows]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        about = {
            measure.label: {"good": "high" if measure.high else "low", "paper": measure.paper}
            for measure in self.measures
        }
        plain: dict[str, Any] = {"photos": self.photos, "settings": self.settings}
        plain |= {"notes": list(self.notes), "problems": list(self.problems), "measures": about}
        plain |= {} if self.record is None else {"record": self.record}
        return plain | {"rows": [row.as_dict() for row in self.rows]}

    def save(self, folder: str | Path) -> list[Path]:
        """Write benchmark.csv, .md, .html, .json, and the plots as PNG; returns their paths."""
        from seewhy.studies.benchmark import plots

        place = Path(folder)
        pictures = plots.pngs(self.rows, self.measures, self.photos)
        texts = {
            "benchmark.csv": csv(self),
            "benchmark.md": markdown(self),
            "benchmark.html": html(self, pictures, self.draw() if self.draw else ()),
            "benchmark.json": json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n",
        }
        for name, text in texts.items():
            files.write(place / name, text)
        for name, data in pictures.items():
            files.write(place / f"{name}.png", data)
        return [place / name for name in (*texts, *(f"{name}.png" for name in pictures))]

    def __str__(self) -> str:
        return markdown(self)
