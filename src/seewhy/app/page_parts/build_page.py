"""The whole page, put together of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seewhy.app.answers import Answers
from seewhy.app.app_options import AppOptions
from seewhy.app.asked import Choices
from seewhy.app.page_parts.audit_tab import draw_audit, read_findings
from seewhy.app.page_parts.compare_tab import draw_compare
from seewhy.app.page_parts.explain_events import ExplainPage
from seewhy.app.page_parts.explain_parts import (
    Session,
    draw_classes,
    draw_map,
    draw_photo,
    draw_results,
    draw_session,
    draw_settings,
)
from seewhy.app.page_parts.gradio_parts import gradio
from seewhy.app.page_parts.programs import offer_to_programs
from seewhy.app.page_parts.store_tab import draw_store
from seewhy.audit.finding import Finding
from seewhy.datasets.open_store import Store, open_store
from seewhy.errors import ImageNotFoundError
from seewhy.images.listing import list_photos

MOST_PICKED = 5000
"""Photos of the folder that can be picked; a page with more is slow."""
TITLE = "seewhy: see why a network decided"
KEPT = 3600
"""Seconds for which files of visitors are kept."""


@dataclass(frozen=True)
class Beside:
    """What can be looked at beside photos that are brought."""

    photos: tuple[Path, ...] = ()
    store: Store | None = None
    audit: Path | None = None
    findings: tuple[Finding, ...] = ()


def beside_of(options: AppOptions) -> Beside:
    """The folder's photos, the store and the audit that were given at the start, opened. Raises
    StoreError and OptionError for what is none."""
    return Beside(
        photos=tuple(_photos(options.photos)),
        store=None if options.store is None else open_store(options.store),
        audit=options.audit,
        findings=() if options.audit is None else tuple(read_findings(options.audit)),
    )


def _photos(folder: Path | None) -> Sequence[Path]:
    if folder is None:
        return []
    try:
        return [Path(each) for each in list_photos([folder])[:MOST_PICKED]]
    except ImageNotFoundError:
        return []


def build_page(answers: Answers, options: AppOptions, beside: Beside) -> Any:
    """The page, as Gradio's Blocks; nothing is served yet."""
    gr = gradio()
    first = Choices(next(iter(answers.explaining.models)))
    with gr.Blocks(
        title=TITLE, analytics_enabled=False, delete_cache=(KEPT, KEPT), fill_width=True
    ) as page:
        with gr.Row():
            gr.Markdown("# seewhy: see why a network decided")
            session = draw_session(first, options.colormap)
        with gr.Tab("Explain"):
            _draw_explain(answers, beside, session, first)
        with gr.Tab("Compare"):
            draw_compare(answers, session, first)
        if beside.store is not None:
            with gr.Tab("Run"):
                draw_store(beside.store, session)
        if beside.audit is not None:
            with gr.Tab("Audit"):
                draw_audit(beside.audit, list(beside.findings))
        if options.mcp:
            offer_to_programs(answers)
    page.queue(max_size=options.waiting, api_open=options.mcp)
    return page


def _draw_explain(answers: Answers, beside: Beside, session: Session, first: Choices) -> None:
    gr = gradio()
    names = _names(beside.photos)
    with gr.Row():
        with gr.Column(scale=3, min_width=280):
            photo = draw_photo(names)
        with gr.Column(scale=3, min_width=280):
            map = draw_map(str(session.colormap.value))
            results = draw_results()
        with gr.Column(scale=2, min_width=260):
            classes = draw_classes(answers.explaining.classes(first.model))
    settings = draw_settings(answers.explaining, first, session)
    ExplainPage(answers, beside.photos, session, photo, map, classes, results, settings).connect()


def _names(photos: Sequence[Path]) -> list[str]:
    """Names of photos, with the folders in which they differ."""
    if not photos:
        return []
    top = Path(*Path(photos[0]).parts[:-1])
    while any(top not in each.parents for each in photos):
        top = top.parent
    return [str(each.relative_to(top)) for each in photos]
