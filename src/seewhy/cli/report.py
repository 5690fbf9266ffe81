"""Results as people read them in a terminal, and as programs read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from seewhy.cli import session
from seewhy.models import presets
from seewhy.models.presets import Preset
from seewhy.results.explanation import Explanation
from seewhy.targets.labels import Group, Label
from seewhy.targets.target import TargetLabel

if TYPE_CHECKING:
    from seewhy.results.trust import Trust


def records(
    path: str,
    explanations: Sequence[Explanation],
    files: Sequence[Sequence[Path]],
    checked: Sequence[Trust] = (),
    *,
    record: bool = True,
) -> list[dict[str, Any]]:
    """A plain dictionary for each explanation of one photo.

    checked: its trust, if it was asked. record: whether it holds the explanation's record.
    """
    plain = [
        explanation.as_dict(record=record) | {"photo": path, "files": [str(file) for file in paths]}
        for explanation, paths in zip(explanations, files, strict=True)
    ]
    for each, trust in zip(plain, checked, strict=False):
        each["trust"] = trust.as_dict()
    return plain


def show(
    path: str,
    explanations: Sequence[Explanation],
    files: Sequence[Sequence[Path]],
    checked: Sequence[Trust] = (),
    answer: str = "",
) -> None:
    """Print the top classes of one photo, and for each explanation its target and files.

    answer: whether the first class is the true one, in words, where that is known.
    """
    # paths may be longer than the terminal is wide, and must stay whole to be copied
    console = Console(soft_wrap=True, highlight=False)
    table = Table(title=session.words(path), title_justify="left")
    table.add_column("index", justify="right")
    table.add_column("WordNet id")
    table.add_column("name")
    table.add_column("probability", justify="right")
    for prediction in explanations[0].predictions:
        table.add_row(
            str(prediction.index),
            session.words(prediction.wnid or "–"),
            session.words(prediction.name),
            f"{prediction.probability:.2%}",
        )
    console.print(table)
    if answer:
        console.print(session.words(f"prediction {answer}"))
    for k, (explanation, paths) in enumerate(zip(explanations, files, strict=True)):
        asked = f"target {_target(explanation.target)}"
        if explanation.probability is not None:  # the table has the top classes only
            asked += f", probability {explanation.probability:.2%}"
        console.print(session.words(f"{asked}, layer {explanation.layer}"))
        for text in explanation.warnings:
            console.print(session.words(f"  warning: {text}", style="yellow"))
        for file in paths:
            console.print(session.words(f"  {file}"))
        for trust in checked[k : k + 1]:
            for line in str(trust).splitlines():
                console.print(session.words(f"  {line}"))


def show_presets(all_presets: Sequence[Preset]) -> None:
    """Print the models that are known by name."""
    table = Table()
    table.add_column("model", no_wrap=True)
    table.add_column("input", justify="right")
    for heading in ("preprocess", "target layer", "weights"):
        table.add_column(heading)
    for preset in all_presets:
        size = f"{preset.size} × {preset.size}"
        status = presets.status(preset)
        table.add_row(preset.name, size, preset.preprocess, preset.layer, status)
    Console().print(table)


def preset_records(all_presets: Sequence[Preset]) -> list[dict[str, Any]]:
    """A plain dictionary for each preset."""
    return [
        {
            "name": preset.name,
            "size": preset.size,
            "preprocess": preset.preprocess,
            "layer": preset.layer,
            "parameters": preset.parameters,
            "weights": presets.status(preset),
        }
        for preset in all_presets
    ]


def _target(target: TargetLabel) -> str:
    if isinstance(target, Group):
        return f"{target.name} ({len(target.indices)} classes)"
    return str(target) if isinstance(target, Label) else target.name
