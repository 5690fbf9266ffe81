"""The tab where a store of a run is browsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from seewhy.app.answers import picture_of
from seewhy.app.page_parts.explain_parts import Session
from seewhy.app.page_parts.gradio_parts import gradio, picture_part, told
from seewhy.app.words import facts_html, percent
from seewhy.datasets.open_store import Store
from seewhy.datasets.stored_row import StoredRow

ROWS = 50
"""Rows of one page of the table."""
SORTED = {
    "order of the run": None,
    "least certain first": "probability",
    "most evidence on the border first": "border_share",
    "least positive evidence first": "positive_share",
}
DOWN = ("border_share",)
SHOWN = {"all": "all", "predicted wrong": "wrong", "predicted right": "right", "not read": "unread"}
COLUMNS = ("photo", "predicted", "sure", "true class", "border")


@dataclass(frozen=True)
class Browsing:
    """A store, looked at row by row."""

    store: Store

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        """What rows are sorted and filtered by; NaN and -1 where it is not known."""
        wanted = ("label_index", "top", "border_share", "positive_share", "id")
        parts = [self.store.columns_of(part, wanted) for part in range(self.store.parts)]
        tops = [row for part in parts for row in part["top"].to_pylist()]
        label = [row for part in parts for row in part["label_index"].to_pylist()]
        figures = {
            name: np.array(
                [np.nan if v is None else v for part in parts for v in part[name].to_pylist()],
                "float64",
            )
            for name in ("border_share", "positive_share")
        }
        return figures | {
            "predicted": np.array([top[0]["index"] if top else -1 for top in tops], "int64"),
            "probability": np.array([top[0]["probability"] if top else np.nan for top in tops]),
            "label": np.array([-1 if each is None else each for each in label], "int64"),
            "id": np.array([row for part in parts for row in part["id"].to_pylist()], object),
        }

    def places(self, shown: str, sort: str, text: str) -> np.ndarray:
        """int (n,): the rows that are wanted, in their order."""
        if SHOWN.get(shown, "all") == "all" and SORTED.get(sort) is None and not text.strip():
            return np.arange(len(self.store))  # which needs no column to be read
        columns = self._columns
        read, known = columns["predicted"] >= 0, columns["label"] >= 0
        right = columns["predicted"] == columns["label"]
        kept = {
            "all": np.ones(len(read), bool),
            "wrong": read & known & ~right,
            "right": read & known & right,
            "unread": ~read,
        }[SHOWN.get(shown, "all")]
        wanted = text.strip().lower()
        if wanted:
            kept &= np.array([wanted in str(each).lower() for each in columns["id"]], bool)
        places = np.flatnonzero(kept)
        by = SORTED.get(sort)
        if by is None:
            return places
        values = -columns[by][places] if by in DOWN else columns[by][places]
        ordered: np.ndarray = places[np.argsort(values, kind="stable")]  # NaN comes last
        return ordered

    def listed(
        self, shown: str, sort: str, text: str, page: float | None
    ) -> tuple[list[list[str]], tuple[int, ...], str]:
        """The rows of a page as they are shown, their places, and how many there are in words."""
        found = self.places(shown, sort, text)
        pages = max(1, -(-len(found) // ROWS))
        at = min(max(int(page or 1), 1), pages)
        own = tuple(found[(at - 1) * ROWS : at * ROWS].tolist())
        words = f"{len(found)} of {len(self.store)} rows, page {at} of {pages}"
        return [_line(self.store[place]) for place in own], own, words

    def facts(self, row: StoredRow) -> str:
        """What is known of a row, HTML."""
        pairs: list[tuple[str, Any]] = [("photo", row.id), ("asked", row.target or row.question)]
        if row.error is not None:
            return facts_html([*pairs, ("not read", row.error)])
        pairs += [(each.name, f"{each.probability:.1%}") for each in row.top or ()]
        pairs += [("true class", row.label or "not known")]
        pairs += [("evidence on the border", percent(row.border_share))]
        pairs += [("positive evidence", percent(row.positive_share))]
        return facts_html([*pairs, ("warnings", ", ".join(row.warnings or ()) or "none")])


@dataclass(frozen=True)
class StoreParts:
    """The components of the tab."""

    choices: tuple[Any, ...]
    """What is shown, in which order, of which name, and which page."""
    places: Any
    """State: the places of the listed rows in the store."""
    table: Any
    count: Any
    picture: Any
    facts: Any


def draw_store(store: Store, session: Session) -> None:
    """Sort and filter the rows of a store, and open one."""
    gr, browsing = gradio(), Browsing(store)
    parts = _draw_parts(browsing)

    def opened(places: Sequence[int], colormap: str, event: Any) -> Any:
        row = store[int(places[event.index[0]])]
        if row.error is not None:
            return None, browsing.facts(row)
        return picture_of(row.explanation(), colormap), browsing.facts(row)

    opened.__annotations__["event"] = gr.SelectData
    # who goes through the rows with the arrow keys sees the last one
    how = {"api_visibility": "private", "trigger_mode": "always_last"}
    shown, sort, text, page = parts.choices
    outputs = [parts.table, parts.places, parts.count]
    for event in (shown.input, sort.input, text.submit, page.input):
        event(told(browsing.listed), list(parts.choices), outputs, **how)
    inputs = [parts.places, session.colormap]
    parts.table.select(told(opened), inputs, [parts.picture, parts.facts], **how)


def _draw_parts(browsing: Browsing) -> StoreParts:
    gr, store = gradio(), browsing.store
    about = store.manifest
    rows, first, counted = browsing.listed("all", next(iter(SORTED)), "", 1)
    words = f"{len(store)} rows: {about['method']} at {about['layer']} of {about['model']['name']}"
    gr.Textbox(words, show_label=False, interactive=False)
    with gr.Row():
        choices = (
            gr.Dropdown(list(SHOWN), value="all", label="Photos", elem_id="store-shown"),
            gr.Dropdown(list(SORTED), value=next(iter(SORTED)), label="Order"),
            gr.Textbox("", label="Name contains", elem_id="store-text"),
            gr.Number(1, label="Page", precision=0, minimum=1, elem_id="store-page"),
        )
    places = gr.State(first)
    with gr.Row():
        with gr.Column(min_width=300):
            label = "Rows: click one to open it"
            table = gr.Dataframe(
                rows,
                headers=list(COLUMNS),
                interactive=False,
                label=label,
                wrap=True,
                elem_id="store-table",
            )
            count = gr.Textbox(counted, show_label=False, interactive=False, elem_id="store-count")
        with gr.Column(min_width=280):
            picture = picture_part("Map", "store-map", "the photo under its map")
            facts = gr.HTML(elem_id="store-facts")
    return StoreParts(choices, places, table, count, picture, facts)


def _line(row: StoredRow) -> list[str]:
    best = row.top[0] if row.top else None
    return [
        row.id,
        row.error or (best.name if best else ""),
        f"{best.probability:.1%}" if best else "",
        row.label or "",
        percent(row.border_share, ""),
    ]
