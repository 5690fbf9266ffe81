"""card(): the section of a model card about what was explained and what an audit found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from seewhy._version import __version__
from seewhy.audit.finding import Audit
from seewhy.audit.model_card.audit_section import audit_lines
from seewhy.audit.model_card.commands import audit_command, run_command, sources
from seewhy.audit.model_card.markdown import block, code, counted, percent, table, text
from seewhy.audit.model_card.read_source import CardSource, read_source
from seewhy.audit.model_card.store_figures import StoreFigures, store_figures
from seewhy.datasets.open_store import Store
from seewhy.errors import OptionError
from seewhy.explainer.options import FIELDS

LARGEST = 20
"""Classes that have a row of their own, the largest."""
_USUAL = {each.name: each.default for each in FIELDS}


def card(source: Store | Audit | str | Path, *, level: int = 2) -> str:
    """The section of a model card, in Markdown.

    source: a store or an audit, or the folder of one, or the file audit.json. Of an audit, the
        figures of the photos are those of its store, where that is still there.
    level: of its heading, 1 to 4; those in it are one and two lower.
    It names files without their folders; names of classes and files have no effect as Markdown or
    HTML. Needs neither the model nor Keras. Raises OptionError for what is neither or is damaged,
    StoreError for a damaged store.
    """
    if isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= 4:
        raise OptionError(f"level is that of a heading, 1 to 4; got {level!r}.")
    given = read_source(source)
    figures = None if given.store is None else store_figures(given.store)
    lines = [f"{'#' * level} {_title(given)}", "", _first_words(given, figures)]
    for heading, paragraphs in _sections(given, figures).items():
        lines += ["", f"{'#' * (level + 1)} {heading}", "", *paragraphs]
    return "\n".join(lines) + "\n"


def _title(given: CardSource) -> str:
    return "What its explanations show" if given.audit is None else "What the model looks at"


def _first_words(given: CardSource, figures: StoreFigures | None) -> str:
    count = given.audit["photos"] if given.audit is not None else figures and figures.photos
    photos = counted(int(count or 0), "photo", "photos")
    by = f"Written by seewhy {__version__}"
    if given.audit is None:
        return f"{by} from maps of what decided in {photos}."
    return (
        f"{by} from an audit of {photos}: places were looked for at which the photos of a class "
        f"have their evidence, and the strongest were tested by pasting them into other photos."
    )


def _sections(given: CardSource, figures: StoreFigures | None) -> dict[str, list[str]]:
    sections = {"What was explained": _explained(given, figures)}
    if figures is not None and given.store is not None:
        sections["Photos and predictions"] = _photos(figures)
        sections["Where the evidence lies"] = _maps(figures, given.store.manifest)
    if given.audit is not None:
        classes = given.store.manifest["classes"] if given.store is not None else None
        sections |= audit_lines(given, figures, classes)
    sections["How to make it again"] = _commands(given)
    return sections


def _explained(given: CardSource, figures: StoreFigures | None) -> list[str]:
    record, manifest = given.record, given.store.manifest if given.store is not None else {}
    known: Mapping[str, Any] = (given.audit or {}).get("record") or manifest
    method, weights = record["method"], record["model"].get("weights_sha256")
    paper, options = method.get("paper"), method.get("options") or {}
    rows = [
        ("Model", _model(record["model"])),
        ("Weights", f"SHA-256 {code(weights)}" if weights else "not known"),
        ("Layer", code(record.get("layer") or " + ".join(record["layers"]) or "the input")),
        ("Method", code(method["name"]) + (f" ({text(paper)})" if paper else "")),
        ("Its options", _pairs(options)),
        ("Other choices", _pairs(_chosen(record["options"]))),
    ]
    if figures is not None:
        rows.append(("Asked", ", ".join(code(each) for each in manifest["questions"])))
        rows.append(("Photos from", ", ".join(code(each) for each in sources(manifest))))
    if given.audit is not None:
        rows.append(("Seed of the audit", text(given.settings.get("seed", "not known"))))
    ran = [known.get("backend"), known.get("device")]
    rows.append(("Ran on", ", ".join(text(each) for each in ran if each)))
    versions = known.get("versions")
    pairs = versions.items() if isinstance(versions, dict) else ()
    rows.append(("Versions", ", ".join(f"{text(name)} {text(number)}" for name, number in pairs)))
    return table(("", ""), [(name, value) for name, value in rows if value])


def _model(model: Mapping[str, Any]) -> str:
    told = text(model.get("name") or "without a name")
    for name, words in (("preset", "preset"), ("file", "file"), ("weights_file", "weights")):
        told += f", {words} {code(model[name])}" if model.get(name) else ""
    return told


def _chosen(options: Mapping[str, Any]) -> dict[str, Any]:
    """Choices of the explainer that are not the usual ones."""
    usual = {name: [*value] if isinstance(value, tuple) else value for name, value in _said()}
    same = {name for name, value in options.items() if name in usual and value == usual[name]}
    return {
        name: value
        for name, value in options.items()
        if name not in same and name not in ("batch_size", "top")
    }


def _said() -> Iterable[tuple[str, Any]]:
    return _USUAL.items()


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(code(f"{name}={value}") for name, value in values.items())


def _photos(figures: StoreFigures) -> list[str]:
    broken = f", {figures.unreadable:,} of which could not be read" if figures.unreadable else ""
    lines = [f"{counted(figures.photos, 'photo', 'photos')}{broken}."]
    known, accuracy = figures.true.total(), figures.accuracy
    if accuracy is None:
        lines[0] += " No true classes are known, so that nothing can be said of accuracy."
    else:
        of = "all" if known == figures.read else f"{known:,}"
        lines[0] += f" The true class is known of {of}; {percent(accuracy)} are predicted right."
        lines += ["", *table(("true class", "photos", "predicted right"), _classes(figures))]
    if figures.foreign:
        which = counted(figures.foreign, "photo has", "photos have")
        lines += ["", f"{which} a true class that the model does not have."]
    return [*lines, *_confidence(figures)]


def _classes(figures: StoreFigures) -> Iterator[tuple[str, str, str]]:
    ranked = sorted(figures.true.items(), key=lambda each: (-each[1], each[0]))
    for name, count in ranked[:LARGEST]:
        yield text(name), f"{count:,}", percent(figures.right[name] / count)
    rest = ranked[LARGEST:]
    if rest:
        count = sum(each for _, each in rest)
        right = sum(figures.right[name] for name, _ in rest)
        yield f"*{len(rest)} other classes*", f"{count:,}", percent(right / count)


def _confidence(figures: StoreFigures) -> list[str]:
    mean = figures.confidence.value
    if mean is None:
        return []
    said = f"The predicted class has a probability of {percent(mean)} on average"
    parts = [
        f"{percent(each.value)} where it is {word}"
        for each, word in ((figures.confidence_right, "right"), (figures.confidence_wrong, "wrong"))
        if each.value is not None
    ]
    return ["", f"{said}{': ' if parts else ''}{', '.join(parts)}."]


def _maps(figures: StoreFigures, manifest: Mapping[str, Any]) -> list[str]:
    rows, cols = manifest["grid"]
    edge = 1 - max(0, rows - 2) * max(0, cols - 2) / (rows * cols)
    lines = [f"Of the maps for {code(figures.question)}, of {rows} × {cols} cells:", ""]
    if figures.border.value is not None:
        lines.append(
            f"- {percent(figures.border.value)} of the positive evidence lies in the outermost "
            f"cells, on average; these are {percent(edge)} of all cells."
        )
    if figures.positive.value is not None:
        lines.append(
            f"- {percent(figures.positive.value)} of the evidence is positive, on average."
        )
    none = counted(figures.without_evidence, "map has", "maps have")
    return [*lines, f"- {none} no positive evidence.", "", *_warnings(figures)]


def _warnings(figures: StoreFigures) -> list[str]:
    if not figures.warnings:
        return ["No map has a warning."]
    ranked = sorted(figures.warnings.items(), key=lambda each: (-each[1], each[0]))
    rows = [
        (code(name), f"{count:,}", percent(count / max(1, figures.read))) for name, count in ranked
    ]
    return table(("warning", "maps", "share"), rows)


def _commands(given: CardSource) -> list[str]:
    record, lines, words = given.record, [], []
    if given.store is not None:
        lines.append(run_command(given.store.manifest, record))
    else:
        words.append(
            "The store that was audited is not there any more, or is another one by now: figures "
            "of the photos and the command that explained them are missing."
        )
    if given.audit is not None:
        lines.append(audit_command(given.settings, record))
    lines.append(f"seewhy card {'store' if given.audit is None else 'audit'}")
    own = [str(each) for each in record.get("not_recorded") or ()]
    if record["options"].get("labels") == "own names":
        words.append("The names of the classes were given in Python, which the command lacks.")
    if own:
        words.append(
            f"Functions of one's own were used for {', '.join(map(code, own))}, which no command "
            f"can repeat."
        )
    return [*(line for each in words for line in (each, "")), *block(lines)]
