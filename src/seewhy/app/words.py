"""What the page says in words, as pieces of HTML in which everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from seewhy.audit.finding import Finding
from seewhy.render.colormaps import table
from seewhy.results.explanation import Explanation
from seewhy.results.trust import SCOPE, Trust

COLOURS = {"pass": "good", "doubtful": "mild", "fail": "bad"}


def scale_html(colormap: str) -> str:
    """The colours of a map from no evidence to most evidence."""
    steps = table(colormap)[np.linspace(0, 255, 17).astype(int)]
    colours = ",".join("#" + bytes(each.tolist()).hex() for each in steps)
    return Markup(
        '<p class="scale">no evidence <i role="img" aria-label="colours from no evidence to most '
        'evidence" style="background:linear-gradient(to right,{})"></i> most evidence</p>'
    ).format(colours)


def about_html(explanation: Explanation) -> str:
    """What the map shows, and what has to be known to read it."""
    first, second = explanation.caption
    notes = [Markup("<p>⚠ {}</p>").format(note) for note in explanation.warnings]
    lines = Markup('<p><b class="name">{}</b><br><span class="faint">{}</span></p>')
    return lines.format(first, second) + Markup("").join(notes)


def trust_html(trust: Trust) -> str:
    """The verdict in words, and its checks."""
    rows = Markup("").join(
        Markup("<tr><td>{}</td><td>{}</td></tr>").format(check.answer, check.words)
        for check in trust.checks
    )
    head = Markup('<p>Is the map faithful to the model? <b class="{}">{}</b>. {} {}</p>')
    told = Markup("").join(Markup("<p>{}</p>").format(words) for words in trust.beside)
    verdict = head.format(COLOURS[trust.verdict], trust.answer, trust.why, SCOPE)
    return verdict + told + Markup("<table>{}</table>").format(rows)


def finding_html(finding: Finding) -> str:
    """One finding of an audit in words."""
    rows: list[tuple[str, Any]] = [
        ("class", finding.class_name),
        ("verdict", finding.verdict),
        ("why", finding.why),
        ("place", finding.place),
        ("share of the class's photos", percent(finding.share)),
        ("flips", percent(finding.flip_rate) + _interval(finding.interval)),
        ("flips with regions from elsewhere", percent(finding.control_rate)),
        ("right predictions inside", percent(finding.accuracy_inside)),
        ("right predictions outside", percent(finding.accuracy_outside)),
    ]
    return _table(rows)


def facts_html(rows: Sequence[tuple[str, Any]]) -> str:
    """Names and values as a table."""
    return _table(rows)


def _table(rows: Sequence[tuple[str, Any]]) -> str:
    lines = Markup("").join(
        Markup("<tr><th>{}</th><td>{}</td></tr>").format(name, value) for name, value in rows
    )
    return Markup("<table>{}</table>").format(lines)


def percent(share: float | None, unknown: str = "not known") -> str:
    """A share of 0..1 as the page shows it; `unknown` for None and NaN."""
    return unknown if share is None or not np.isfinite(share) else f"{share:.0%}"


def _interval(pair: Sequence[float] | None) -> str:
    return "" if pair is None else f" ({pair[0]:.0%} to {pair[1]:.0%})"


def error_text(message: str) -> str:
    """A message as pages show it; it is shown as HTML."""
    return str(escape(message))
