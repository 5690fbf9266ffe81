"""A page with all photos of a store, and the files beside it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seewhy import checks
from seewhy.datasets.gallery.map_data import ROWS, UNITS, map_data, script_json, script_text
from seewhy.datasets.gallery.page_data import PageData
from seewhy.datasets.gallery.pictures import FOLDER, with_pictures
from seewhy.datasets.run_options import MOST_WORKERS
from seewhy.datasets.stored_row import StoredRow
from seewhy.errors import OptionError
from seewhy.progress import steps
from seewhy.render.colormaps import table
from seewhy.render.embedded.html import record_script
from seewhy.render.files import write
from seewhy.render.looks import CLEAR
from seewhy.render.pages import html_page
from seewhy.results.records.read_file import STORE

PAGE, MAPS, MARK = "index.html", "maps", '<meta name="generator" content="seewhy gallery">'
LEAST, MOST = 32, 2048
"""Pixels of pictures."""


@dataclass(frozen=True)
class Gallery:
    """A gallery that was written."""

    page: Path
    rows: int
    made: int
    """Pictures made now; others were there."""
    problems: tuple[str, ...]
    """What is wrong with photos that have no picture; the page says it, too."""


def write_gallery(
    rows: Iterable[StoredRow], count: int, manifest: dict[str, Any], folder: Path, side: int
) -> Gallery:
    """Write the page of these rows, and the files beside it, into a folder.

    count: how many rows there are. side: pixels of the longer side of pictures, 32..2048; those
    that are there are not made again. Photos that are gone or broken are told in the page. Raises
    OptionError for a folder that holds another page, or cannot be written.
    """
    side = checks.count("side", side)
    if not LEAST <= side <= MOST:
        raise OptionError(f"side is {LEAST} to {MOST} pixels; got {side}.")
    _check_folder(folder)
    data, scripts = PageData(), _Scripts(folder / MAPS)
    made: set[str] = set()  # rows of several questions share a picture
    problems: dict[str, None] = {}
    threads = min(os.cpu_count() or 1, MOST_WORKERS)
    with steps(count, "Drawing") as step:
        for row, picture in with_pictures(rows, folder, side, threads):
            data.add(row, picture)
            scripts.add(map_data(row))
            if picture.made:
                made.add(picture.name)
            if picture.problem:
                problems[picture.problem] = None
            step(1)
    record = data.record() | {
        "maps": scripts.finish(),
        "rows": ROWS,
        "units": UNITS,
        "pictures": FOLDER,
        "colours": table(CLEAR.colormap).tobytes().hex(),
        "alpha": CLEAR.alpha,
    }
    _save(folder / PAGE, _page(record, manifest, len(data)))
    scripts.remove_others()
    return Gallery(folder / PAGE, len(data), len(made), tuple(problems))


def _page(record: dict[str, Any], manifest: dict[str, Any], rows: int) -> str:
    from markupsafe import Markup

    return html_page(
        "gallery/page.html",
        mark=Markup(MARK),
        rows=rows,
        model=manifest["model"]["name"],
        method=manifest["method"],
        layer=manifest["layer"],
        version=manifest["versions"].get("seewhy", ""),
        data=Markup(script_json(record)),
        record=record_script(_record(manifest)),
    )


def _record(manifest: Mapping[str, Any]) -> str | None:
    """That of the store; None for one of an earlier version."""
    if not isinstance(manifest.get("record"), dict):
        return None
    around = {name: manifest.get(name) for name in ("plan", "versions", "backend", "device")}
    return json.dumps({"record": {"kind": STORE, **manifest["record"], **around}})


class _Scripts:
    """The maps of the rows, written `ROWS` at a time; each file is called by what is in it, so that
    the page of an earlier gallery keeps its own until there is a new one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[dict[str, Any]] = []
        self._names: list[str] = []

    def add(self, row: dict[str, Any]) -> None:
        self._waiting.append(row)
        if len(self._waiting) == ROWS:
            self._write()

    def finish(self) -> list[str]:
        if self._waiting:
            self._write()
        return self._names

    def remove_others(self) -> None:
        """Remove those of earlier galleries."""
        for path in self._folder.glob("*.js"):
            if re.fullmatch(r"[0-9a-f]{16}", path.stem) and path.stem not in self._names:
                path.unlink(missing_ok=True)

    def _write(self) -> None:
        text = script_text(self._waiting)
        name = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
        _save(self._folder / f"{name}.js", text)
        self._names.append(name)
        self._waiting = []


def _save(path: Path, text: str) -> None:
    try:
        write(path, text)
    except OSError as error:
        raise OptionError(
            f"the gallery cannot be written to {str(path)!r} ({error.strerror or error}). "
            f"Give a folder that can be written with --output."
        ) from error


def _check_folder(folder: Path) -> None:
    """Raises OptionError for a folder with a page that is no gallery, and for what is none."""
    if folder.suffix.lower() in (".html", ".htm"):
        raise OptionError(
            f"a gallery is a folder with the page {PAGE} in it: give "
            f"{str(folder.with_suffix(''))!r}."
        )
    if folder.exists() and not folder.is_dir():
        raise OptionError(f"{str(folder)!r} is no folder: give one for the gallery.")
    page = folder / PAGE
    if page.exists() and MARK not in page.read_text(encoding="utf-8", errors="replace")[:2000]:
        raise OptionError(
            f"{str(page)!r} is another page than a gallery, and is left as it is: give another "
            f"folder."
        )
