"""What an audit looked for and found, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from seewhy.audit.audit_options import AuditOptions
from seewhy.audit.finding import CONFIRMED, OBJECT, TOO_FEW, UNNEEDED, Finding
from seewhy.audit.model_card.markdown import code, counted, percent, text
from seewhy.audit.model_card.read_source import CardSource
from seewhy.audit.model_card.store_figures import StoreFigures

FEWEST = 5
"""Photos of a class from which on an audit looks at it."""
NAMED = 30
"""Classes without findings that are named, the largest."""
TO_DO = {
    CONFIRMED: "The model takes what lies there for the class, whatever else a photo shows. "
    "Change that place in training photos (`seewhy audit --export-masks`, "
    "`seewhy.audit.without`), add photos of the class without it, train and audit again.",
    OBJECT: "Nothing, if that is what the class is about: the pictures show it.",
    UNNEEDED: "Nothing now: the model does not need it. Look again after further training.",
    TOO_FEW: "Add photos and audit again.",
}
LIMITS = (
    "Only photos that were given were looked at. What they do not show was not tested.",
    "A mark at a random place is not found, though a model may use it: its evidence moves about as "
    "that of an object would.",
    "A mark in the middle of all photos of a class is taken for its object, and an object that "
    "always lies at one place near an edge for a shortcut.",
    "A mark that few photos have (5 % of a class in our tests) is mostly not found.",
    "The flip rate is that of pasting a region into these photos of other classes, which is no "
    "photo that a camera took. It does not say how often the model errs in use.",
    "No finding is no proof that there is no shortcut.",
)


def audit_lines(
    given: CardSource, figures: StoreFigures | None, classes: Sequence[Sequence[Any]] | None
) -> dict[str, list[str]]:
    """The sections of an audit by heading. classes: [WordNet id, name] by index, if known."""
    sections = {"Findings": [*_looked_for(given), *_findings(given)]}
    quiet = _without_findings(given, figures, classes)
    if quiet:
        sections["Findings"] += ["", quiet]
    told = list(_beside((given.audit or {}).get("beside")))
    if told:
        sections["Beside"] = told
    sections["What this cannot tell"] = [f"- {each}" for each in LIMITS]
    return sections


def _looked_for(given: CardSource) -> Iterator[str]:
    settings, usual = given.settings, AuditOptions()
    asked = settings.get("classes") or ()
    which = ", ".join(text(each) for each in asked) if asked else "all predicted classes"
    confirm = settings.get("confirm", usual.confirm)
    others = settings.get("recipients", usual.recipients)
    yield (
        f"Looked at: {which}. Of what is regular in the place of their evidence the {confirm} "
        f"strongest candidates were tested, each in up to {others} photos of other classes, beside "
        f"regions of equal shape from random places."
    )
    if not (given.audit or {}).get("complete", True):
        yield from ("", "**The audit was stopped before it was through.**")
    for note in (given.audit or {}).get("notes") or ():
        yield from ("", f"Note: {text(note)}")
    yield ""


def _findings(given: CardSource) -> Iterator[str]:
    confirmed = sum(each.confirmed for each in given.findings)
    if not given.findings:
        yield "Nothing was found: no place held up as a candidate."
        return
    shortcuts = "a confirmed shortcut" if confirmed == 1 else "confirmed shortcuts"
    found = counted(len(given.findings), "finding", "findings")
    is_or_are = "is" if confirmed == 1 else "are"
    yield f"{found}, of which {confirmed or 'none'} {is_or_are} {shortcuts}, the worst first:"
    yield ""
    for number, each in enumerate(given.findings, 1):
        yield f"{number}. {_told(each)}"


def _told(finding: Finding) -> str:
    verdict = finding.verdict[:1].upper() + finding.verdict[1:]
    true = f" (true: {text(finding.true_class)})" if finding.true_class is not None else ""
    sentences = [
        f"**{verdict}**, predicted class {text(finding.class_name)}{true}: "
        f"{counted(finding.photos, 'photo', 'photos')}, {percent(finding.share)} of those "
        f"predicted as it. Place: {text(finding.place)}.",
        *_rates(finding),
        *_accuracy(finding),
    ]
    if finding.near_duplicates:
        sentences.append(f"{finding.near_duplicates} are near duplicates of others.")
    if finding.verdict in (OBJECT, TOO_FEW):
        sentences.append(f"Why: {text(finding.why)}")
    sentences.append(f"*What to do:* {TO_DO[finding.verdict]}")
    if finding.pictures:
        sentences.append(f"Pictures: {code(finding.pictures)}.")
    return " ".join(sentences)


def _rates(finding: Finding) -> Iterator[str]:
    if finding.flip_rate is None:
        return
    low, high = finding.interval or (None, None)
    within = ""
    if low is not None and high is not None:
        within = f" (95 % interval {percent(low)} to {percent(high)})"
    control = ""
    if finding.control_rate is not None:
        control = f"; regions from random places flip {percent(finding.control_rate)}"
    if finding.covered_rate is not None:
        control += f", and covering the place {percent(finding.covered_rate)}"
    yield (
        f"Pasted into photos of other classes, it turns {percent(finding.flip_rate)} of them into "
        f"the class{within}{control}."
    )


def _accuracy(finding: Finding) -> Iterator[str]:
    if finding.accuracy_inside is None:
        return
    outside = finding.accuracy_outside
    beside = "" if outside is None else f", and {percent(outside)} of the other photos of the class"
    yield f"{percent(finding.accuracy_inside)} of its photos are predicted right{beside}."


def _without_findings(
    given: CardSource, figures: StoreFigures | None, classes: Sequence[Sequence[Any]] | None
) -> str:
    """Which of the predicted classes have none."""
    if figures is None or classes is None:
        return ""
    asked = {str(each) for each in given.settings.get("classes") or ()}
    found = {each.class_index for each in given.findings}
    ranked = sorted(figures.predicted.items(), key=lambda each: (-each[1], each[0]))
    clear = [
        (str(classes[index][1]), count)
        for index, count in ranked
        if index not in found
        and count >= FEWEST
        and (not asked or _is_asked(classes[index], asked))
    ]
    if not clear:
        return "No other predicted class has photos enough to be looked at."
    named = ", ".join(f"{text(name)} ({count:,})" for name, count in clear[:NAMED])
    rest = f", and {len(clear) - NAMED} more" if len(clear) > NAMED else ""
    return f"Predicted classes without a finding, with their photos: {named}{rest}."


def _is_asked(label: Sequence[Any], asked: set[str]) -> bool:
    return bool({str(each) for each in label if each} & asked)


def _beside(told: Any) -> Iterator[str]:
    """A line for each of what was looked for beside the findings, with how much of it there is."""
    if not isinstance(told, Mapping):
        return
    for name, words in _BESIDE.items():
        found = told.get(name)
        try:
            yield f"- {words(found)}"
        except (KeyError, TypeError, ValueError, AttributeError):  # not asked, or of later versions
            continue


def _errors(found: Mapping[str, Any]) -> str:
    wrong, known = int(found["wrong"]), int(found["known"])
    return f"{wrong:,} of {counted(known, 'photo', 'photos')} of a known class are predicted wrong."


def _outside_boxes(found: Mapping[str, Any]) -> str:
    inside, area = float(found["mean_inside"]), float(found["mean_area"])
    return (
        f"{percent(inside)} of the evidence lies inside of the boxes that were given, which cover "
        f"{percent(area)} of the photos; {int(found['hottest_outside']):,} of "
        f"{counted(int(found['measured']), 'photo is', 'photos are')} hottest outside of them."
    )


def _duplicates(found: Mapping[str, Any]) -> str:
    return (
        f"{int(found['in_folders']):,} of {counted(int(found['compared']), 'photo', 'photos')} lie "
        f"in several folders or have several true classes, as they are or nearly; "
        f"{int(found['contradict']):,} with classes that contradict."
    )


def _drift(found: Mapping[str, Any]) -> str:
    names = [text(each["class"]) for each in found["classes"] if each["moved"]][:NAMED]
    return (
        f"Compared with another store, the evidence of {int(found['moved']):,} of "
        f"{counted(int(found['compared']), 'class', 'classes')} lies elsewhere"
        f"{': ' if names else ''}{', '.join(names)}."
    )


_BESIDE: Mapping[str, Callable[[Any], str]] = {
    "errors": _errors,
    "outside_boxes": _outside_boxes,
    "duplicates": _duplicates,
    "drift": _drift,
}
