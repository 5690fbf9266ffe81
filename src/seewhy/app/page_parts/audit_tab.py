"""The tab where the findings of an audit are opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from seewhy.app.page_parts.gradio_parts import gradio, picture_part, told
from seewhy.app.words import finding_html, percent
from seewhy.audit.finding import Finding
from seewhy.errors import OptionError
from seewhy.images import load

FILE = "audit.json"
COLUMNS = ("verdict", "class", "share", "place", "flips", "control")


def read_findings(folder: Path) -> list[Finding]:
    """The findings of an audit's folder. Raises OptionError for any other folder."""
    path = folder / FILE
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return [Finding.from_dict(each) for each in record["findings"]]
    except OSError as error:
        raise OptionError(
            f"there is no audit in {str(folder)!r} ({path.name}: {error.strerror}). Give the "
            f"folder that seewhy audit wrote with --output."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OptionError(
            f"{str(path)!r} is no record of an audit ({type(error).__name__}: {error}). Run seewhy "
            f"audit again."
        ) from error


def draw_audit(folder: Path, findings: list[Finding]) -> None:
    """The findings of an audit, the worst first, and the pictures of the one that is opened."""
    gr = gradio()
    lines = [_line(each) for each in findings]
    table = gr.Dataframe(
        lines,
        headers=list(COLUMNS),
        interactive=False,
        label="Findings: click one to open it",
        elem_id="audit-table",
        wrap=True,
    )
    with gr.Row():
        with gr.Column(min_width=280):
            words = gr.HTML(elem_id="audit-finding")
        with gr.Column(min_width=280):
            label, alt = "Its mean map and photos", "photos of the finding under their maps"
            picture = picture_part(label, "audit-picture", alt)

    def opened(event: Any) -> Any:
        finding = findings[event.index[0]]
        path = None if finding.pictures is None else folder / Path(finding.pictures).name
        shown = load(path).pixels if path is not None and path.is_file() else None
        return finding_html(finding), shown

    opened.__annotations__["event"] = gr.SelectData
    table.select(
        told(opened), None, [words, picture], api_visibility="private", trigger_mode="always_last"
    )


def _line(finding: Finding) -> list[str]:
    return [
        finding.verdict,
        finding.class_name,
        percent(finding.share, ""),
        finding.place,
        percent(finding.flip_rate, ""),
        percent(finding.control_rate, ""),
    ]
