"""The tab where a store of a run is browsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from seewhy.app.answers import picture_of
from seewhy.app.page_parts.explain_parts import Session
from seewhy.app.page_parts.gradio_parts import gradio, told
from seewhy.app.words import facts_html
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

    def table(self, places: Sequence[int] | np.ndarray) -> list[list[str]]:
        """Rows as they are shown."""
        return [_line(self.store[int(place)]) for place in places]

    def facts(self, row: StoredRow) -> str:
        """What is known of a row, HTML."""
        pairs: list[tuple[str, Any]] = [("photo", row.id), ("asked", row.target or row.question)]
        if row.error is not None:
            return facts_html([*pairs, ("not read", row.error)])
        pairs += [(each.name, f"{each.probability:.1%}") for each in row.top or ()]
        pairs += [("true class", row.label or "not known")]
        pairs += [("evidence on the border", _share(row.border_share))]
        pairs += [("positive evidence", _share(row.positive_share))]
        return facts_html([*pairs, ("warnings", ", ".join(row.warnings or ()) or "none")])


def draw_store(store: Store, session: Session) -> None:
    """Sort and filter the rows of a store, and open one."""
    gr, browsing = gradio(), Browsing(store)
    about = store.manifest
    gr.Textbox(
        f"{len(store)} rows: {about['method']} at {about['layer']} of {about['model']['name']}",
        show_label=False,
        interactive=False,
    )
    with gr.Row():
        shown = gr.Dropdown(list(SHOWN), value="all", label="Photos", elem_id="store-shown")
        sort = gr.Dropdown(list(SORTED), value=next(iter(SORTED)), label="Order")
        text = gr.Textbox("", label="Name contains", elem_id="store-text")
        page = gr.Number(1, label="Page", precision=0, minimum=1, elem_id="store-page")
    places = gr.State(())
    with gr.Row():
        with gr.Column(min_width=300):
            table = gr.Dataframe(
                headers=list(COLUMNS),
                interactive=False,
                label="Rows: click one to open it",
                elem_id="store-table",
                wrap=True,
            )
            count = gr.Textbox("", show_label=False, interactive=False, elem_id="store-count")
        with gr.Column(min_width=280):
            picture = gr.Image(
                label="Map",
                interactive=False,
                format="jpeg",
                buttons=["fullscreen"],
                elem_id="store-map",
                alt_text="the photo under its map",
            )
            facts = gr.HTML(elem_id="store-facts")

    def listed(shown: str, sort: str, text: str, page: float | None) -> Any:
        found = browsing.places(shown, sort, text)
        pages = max(1, -(-len(found) // ROWS))
        at = min(max(int(page or 1), 1), pages)
        own = found[(at - 1) * ROWS : at * ROWS]
        words = f"{len(found)} of {len(store)} rows, page {at} of {pages}"
        return browsing.table(own), tuple(own.tolist()), words

    def opened(places: Sequence[int], colormap: str, event: Any) -> Any:
        row = store[int(places[event.index[0]])]
        if row.error is not None:
            return None, browsing.facts(row)
        return picture_of(row.explanation(), colormap), browsing.facts(row)

    opened.__annotations__["event"] = gr.SelectData
    how = {"api_visibility": "private"}
    inputs, outputs = [shown, sort, text, page], [table, places, count]
    for event in (shown.input, sort.input, text.submit, page.input):
        event(told(listed), inputs, outputs, **how)
    table.select(told(opened), [places, session.colormap], [picture, facts], **how)
    gr.context.Context.root_block.load(told(listed), inputs, outputs, **how)


def _line(row: StoredRow) -> list[str]:
    best = row.top[0] if row.top else None
    return [
        row.id,
        row.error or (best.name if best else ""),
        f"{best.probability:.1%}" if best else "",
        row.label or "",
        _share(row.border_share),
    ]


def _share(value: float | None) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.0%}"
