"""`seewhy diff` of two stores: what their rows have in common, without models and photos."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seewhy.cli import session
from seewhy.errors import OptionError, StoreError

if TYPE_CHECKING:
    from seewhy.datasets.compare_stores import StoreDiff, StoreDifference
    from seewhy.datasets.places.places import Place

FILES = (".csv", ".json")
BINS = ((0.99, 1.01), (0.9, 0.99), (0.7, 0.9), (0.4, 0.7), (0.0, 0.4), (-1.01, 0.0))
"""Correlations that are counted together: from the first on, below the second."""
CHANGES = 5
"""Changed classes that are printed, the most frequent."""


def are_stores(*words: str) -> bool:
    """Whether words name stores: folders with a manifest, or addresses. Imports no Keras.

    Raises OptionError where some do and others do not.
    """
    found = [_is_store(word) for word in words]
    if any(found) and not all(found):
        store, other = words[found.index(True)], words[found.index(False)]
        raise OptionError(
            f"{store!r} is a store of seewhy run, and {other!r} is none: give two stores, or two "
            f"models and photos."
        )
    return all(found)


def check_stores_flags(given: Iterable[str]) -> None:
    """Raises OptionError for what was given on the command line and means nothing to stores."""
    for name in given:
        if name not in ("model_a", "model_b", "pictures", "output", "json", "quiet"):
            flag = "PHOTOS" if name == "photos" else f"--{name.replace('_', '-')}"
            raise OptionError(
                f"{flag} goes with two models; two stores are compared as they are: leave it out."
            )


def store_diff(a: str, b: str, output: Path, count: int, *, as_json: bool, quiet: bool) -> None:
    """Compare, print and write.

    output: a .csv or .json file, or a folder for diff.csv; Path() writes nothing. count: of the
    most different photos that are told.
    Raises StoreError, OptionError for files of other kinds.
    """
    file = _file(output)
    from seewhy.datasets.compare_stores import compare_stores
    from seewhy.datasets.store_files import store_place

    first, second = store_place(a), store_place(b)
    found = compare_stores(first, second)
    record = _record(found, first, second)
    if file is not None:
        _write(file, found, record)
    told = record | {"differences": _rows(found[:count])}

    def show() -> None:
        if quiet:
            return
        _show(record, found[:count])
        if file is not None:
            session.echo(file)

    session.finish(told, show, as_json=as_json, failed=False)


def _is_store(word: str) -> bool:
    from seewhy.datasets.places.address import Address
    from seewhy.datasets.store_files import MANIFEST, store_place

    try:
        place = store_place(word)
    except StoreError:
        return False
    return isinstance(place, Address) or (place / MANIFEST).is_file()


def _file(output: Path) -> Path | None:
    if output == Path():
        return None
    if output.suffix.lower() in FILES and not output.is_dir():
        return output
    if output.suffix and not output.is_dir():
        raise OptionError(
            f"what two stores differ in is written as {' or '.join(FILES)}, not as "
            f"{output.suffix}: give --output {output.with_suffix('.csv').name}, or a folder."
        )
    return output / "diff.csv"


def _record(found: StoreDiff, a: Place, b: Place) -> dict[str, Any]:
    """What is told of all photos together, as JSON has it."""
    import numpy as np

    figures = found.figures
    known = 1 - figures[np.isfinite(figures)]
    counts = [int(((known >= low) & (known < high)).sum()) for low, high in BINS]
    quantiles = np.quantile(known, [0, 0.1, 0.5, 0.9, 1]) if len(known) else [None] * 5
    names = ("lowest", "tenth", "median", "ninetieth", "highest")
    changes = Counter((each.predicted_a, each.predicted_b) for each in found.changed)
    return {
        "a": str(a),
        "b": str(b),
        "compared": len(found),
        "only_a": found.only_a,
        "only_b": found.only_b,
        "differing": sum(map(_differs, found)),
        "changed": len(found.changed),
        "changes": [
            {"a": old, "b": new, "count": count} for (old, new), count in changes.most_common()
        ],
        "correlation": {
            name: None if value is None else round(float(value), 6)
            for name, value in zip(names, quantiles, strict=True)
        },
        "correlations": [
            {"from": max(low, -1.0), "to": min(high, 1.0), "count": count}
            for (low, high), count in zip(BINS, counts, strict=True)
        ],
        "unknown": len(figures) - len(known),
    }


def _rows(found: Sequence[StoreDifference]) -> list[dict[str, Any]]:
    rows = [asdict(each) for each in found]
    return [
        {name: None if _is_nan(value) else value for name, value in row.items()} for row in rows
    ]


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _write(path: Path, found: StoreDiff, record: dict[str, Any]) -> None:
    from seewhy.render.files import write

    if path.suffix.lower() == ".json":
        text = session.json_text(record | {"differences": _rows(found)}) + "\n"
    else:
        text = _csv(found)
    session.save_to(path, lambda place: write(place, text), "table", "--output")


def _csv(found: StoreDiff) -> str:
    from seewhy.datasets.compare_stores import StoreDifference
    from seewhy.studies.csv_cells import text_cell

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([each.name for each in fields(StoreDifference)])
    for row in _rows(found):
        table.writerow(
            [
                "" if value is None else text_cell(value) if isinstance(value, str) else value
                for value in row.values()
            ]
        )
    return text.getvalue()


def _show(record: dict[str, Any], worst: Sequence[StoreDifference]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    count = record["compared"]
    session.echo(f"{_counted(count)} compared: A is {record['a']}, B is {record['b']}")
    for side, other in (("a", "b"), ("b", "a")):
        if record[f"only_{side}"]:
            session.echo(
                f"{_counted(record[f'only_{side}'])} of {side.upper()} without a map in "
                f"{other.upper()}: of photos that it does not have, or that could not be read"
            )
    if not count:
        return
    session.echo(f"{_counted(record['changed'])} with another class ({_share(record, 'changed')})")
    for change in record["changes"][:CHANGES]:
        session.echo(f"  {change['count']} {change['a']} → {change['b']}")
    table = Table("correlation of maps")
    table.add_column("rows", justify="right")
    table.add_column("share", justify="right")
    for each in record["correlations"]:
        name = f"{each['from']:g} to {each['to']:g}"
        table.add_row(name, str(each["count"]), f"{each['count'] / count:.1%}")
    if record["unknown"]:
        table.add_row("not known", str(record["unknown"]), _share(record, "unknown"))
    console.print(table)
    if not record["differing"]:
        session.echo("no photo differs: both look at the same places and decide the same")
        return
    differing = list(filter(_differs, worst))
    if differing:
        console.print(_worst(differing))


def _differs(each: StoreDifference) -> bool:
    return each.figure != 0 or each.predicted_a != each.predicted_b


def _worst(found: Sequence[StoreDifference]) -> Any:
    from rich.table import Table

    several = len({each.question for each in found}) > 1
    table = Table("photo", *(["question"] if several else []))
    table.add_column("difference", justify="right")
    for name in ("A", "B", "note"):
        table.add_column(name)
    for each in found:
        asked = [session.words(each.question)] if several else []
        figure = "not known" if _is_nan(each.figure) else f"{each.figure:.3f}"
        classes = [session.words(name or "–") for name in (each.predicted_a, each.predicted_b)]
        table.add_row(session.words(each.id), *asked, figure, *classes, session.words(each.note))
    return table


def _counted(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def _share(record: dict[str, Any], name: str) -> str:
    return f"{record[name] / record['compared']:.1%}"
