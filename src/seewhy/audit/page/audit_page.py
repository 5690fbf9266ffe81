"""The page of an audit: one file that needs nothing else."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from seewhy._version import __version__
from seewhy.audit.finding import CONFIRMED, OBJECT, TOO_FEW, UNNEEDED, VERDICTS, Audit
from seewhy.audit.page.beside_view import beside_view
from seewhy.audit.page.views import FindingView, Looked, class_views, finding_view, points_of
from seewhy.datasets.gallery.map_data import script_json
from seewhy.render.colormaps import table
from seewhy.render.embedded.html import record_script
from seewhy.render.looks import CLEAR
from seewhy.render.pages import html_page

MEANINGS = {
    CONFIRMED: "Pasted into photos of other classes, the region makes the model see the class, and "
    "pieces from elsewhere do not. It does not move with a thing.",
    OBJECT: "The region makes the model see the class, and it is, or moves with, what the class is "
    "known by.",
    UNNEEDED: "The evidence lies at one place in these photos, but the region does not make the "
    "model see the class.",
    TOO_FEW: "There were too few photos to put it to the test.",
}
"""What a verdict says, in plain words."""
Told = Callable[[str, int, int], None]


def audit_page(audit: Audit, looked: Looked, told: Told | None = None) -> str:
    """HTML of all that was found. told: is told what is done, how many are done and of how many."""
    from markupsafe import Markup

    tell = told or (lambda *_: None)
    views = []
    for k, finding in enumerate(audit):
        tell("Drawing", k, len(audit) + 1)
        views.append(finding_view(k + 1, finding, audit.members[finding.key], looked))
    tell("Drawing", len(audit), len(audit) + 1)
    points, views = _with_points(audit, views, looked)
    others = class_views(audit.findings, looked)
    about = looked.manifest
    counts = Counter(each.verdict for each in audit)
    page = html_page(
        "audit/page.html",
        audit=audit,
        digest=digest_of(audit),
        about=about,
        model=about["model"]["name"],
        views=views,
        others=others,
        beside=beside_view(audit.beside, looked),
        counts=[(verdict, counts[verdict]) for verdict in VERDICTS if counts[verdict]],
        classes=sorted({each.class_name for each in audit} | {each.name for each in others}),
        verdicts=VERDICTS,
        meanings=MEANINGS,
        version=__version__,
        colours=_colours(),
        points=Markup(script_json(points)),
        record=record_script(_record(audit)),
    )
    tell("Drawing", len(audit) + 1, len(audit) + 1)
    return page


def _record(audit: Audit) -> str | None:
    return None if audit.record is None else json.dumps({"record": dict(audit.record)})


def digest_of(audit: Audit) -> str:
    """Equal for audits whose pages are the same."""
    members = {key: list(rows) for key, rows in audit.members.items()}
    text = json.dumps([audit.as_dict(), members, __version__], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _with_points(
    audit: Audit, views: list[FindingView], looked: Looked
) -> tuple[dict[str, Any], list[FindingView]]:
    """The points of each class with findings, and the findings with their own among them."""
    rows, points = looked.rows, {}
    own = {each.key: np.flatnonzero(np.isin(rows.row, audit.members[each.key])) for each in audit}
    for index in dict.fromkeys(each.class_index for each in audit):
        of_class = [own[each.key] for each in audit if each.class_index == index]
        points[str(index)] = points_of(index, np.unique(np.concatenate(of_class)), looked)
    placed = []
    for view in views:
        of = str(view.finding.class_index)
        members = set(map(int, audit.members[view.finding.key]))
        inside = [k for k, each in enumerate(points[of]["points"]) if each["row"] in members]
        placed.append(replace(view, points={"of": of, "inside": inside}))
    return points, placed


def _colours() -> str:
    """A gradient from no evidence to most evidence, as CSS has it."""
    steps = table(CLEAR.colormap)[np.linspace(0, 255, 17).astype(int)]
    return ",".join("#" + bytes(each.tolist()).hex() for each in steps)
