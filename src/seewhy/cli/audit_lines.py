"""What `seewhy audit` prints: a line for each finding, and for all that is told beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seewhy.audit.finding import Finding

WORST = 3
"""Photos, classes or groups that are named in a line."""


def line_of(finding: Finding) -> str:
    """One finding in a line."""
    name = finding.class_name
    if finding.true_class is not None:
        name += f" (true: {finding.true_class})"
    parts = [finding.verdict, name, f"{finding.share:.0%} of its photos", finding.place]
    if finding.flip_rate is not None and finding.interval is not None:
        low, high = finding.interval
        parts.append(f"flips {finding.flip_rate:.0%} ({low:.0%} to {high:.0%})")
        parts.append(f"control {finding.control_rate:.0%}")
    if finding.accuracy_inside is not None:
        outside = finding.accuracy_outside
        beside = "" if outside is None else f", {outside:.0%} outside"
        parts.append(f"right {finding.accuracy_inside:.0%} inside{beside}")
    return "  ".join([*parts, finding.pictures or ""]).rstrip()


def lines_beside(beside: Mapping[str, Any]) -> Iterator[str]:
    """What is told beside the findings: a line each, with how many there are, and the worst."""
    for name, lines in (
        ("errors", _errors),
        ("outside_boxes", _outside_boxes),
        ("drift", _drift),
        ("duplicates", _duplicates),
    ):
        if name in beside:
            yield from lines(beside[name])


def _errors(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"errors: {found['wrong']} of {found['known']} photos with a known class are wrong"
    for each in found["photos"][:WORST]:
        told = f"  {each['id']}: {each['predicted']} {each['probability']:.0%}, true {each['true']}"
        if each["place"] is not None:
            told += f", evidence {each['place']}"
        if each["without"] is not None:
            told += f", {each['without']:.0%} without it"
        yield told


def _outside_boxes(found: Mapping[str, Any]) -> Iterator[str]:
    line = (
        f"boxes: {found['mean_inside']:.0%} of the evidence lies inside of them, which cover "
        f"{found['mean_area']:.0%}; {found['hottest_outside']} of {found['measured']} photos are "
        f"hottest outside"
    )
    without = found["without_boxes"]
    yield line + (f", {without} photos have no boxes" if without else "")
    for each in found["photos"][:WORST]:
        yield f"  {each['id']}: {each['predicted']}, {each['inside']:.0%} inside"


def _drift(found: Mapping[str, Any]) -> Iterator[str]:
    line = f"drift: the evidence of {found['moved']} of {found['compared']} classes moved"
    if found["left_out"]:
        line += f", {len(found['left_out'])} have too few photos in either store"
    yield line
    for each in [one for one in found["classes"] if one["moved"]][:WORST]:
        yield (
            f"  {each['class']}: {each['distance']:.0%} lies elsewhere ({each['by_chance']:.0%} by "
            f"chance, p {each['p_corrected']:.2g}), centre moved by {each['center_moved']:.2f}, "
            f"share {each['share_a']:.0%} to {each['share_b']:.0%}, "
            f"confidence {each['confidence_change']:+.2f}"
        )


def _duplicates(found: Mapping[str, Any]) -> Iterator[str]:
    count, contradict = found["in_folders"], found["contradict"]
    yield (
        f"duplicates: {count} of {found['compared']} photos are in several folders or have several "
        f"true classes, {contradict} with classes that contradict"
    )
    for group in found["groups"][:WORST]:
        yield f"  {_names(group['photos'], group['count'])}"


def _names(photos: Sequence[Mapping[str, Any]], count: int) -> str:
    names = [
        each["id"] + ("" if each["label"] is None else f" ({each['label']})")
        for each in photos[:WORST]
    ]
    more = count - len(names)
    return " = ".join(names) + (f" and {more} more" if more else "")
