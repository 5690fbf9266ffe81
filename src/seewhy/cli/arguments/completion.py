"""What the shell completes: models, methods, layers and classes. Nothing here imports Keras."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer


def models(incomplete: str) -> list[str]:
    """Presets, and files and folders that models may be in."""
    from seewhy.data import FOLDER

    with (FOLDER / "presets.csv").open(encoding="utf-8", newline="") as file:
        found = _continued(incomplete, (row["name"] for row in csv.DictReader(file)))
    folder, slash, start = incomplete.rpartition("/")
    with suppress(OSError):
        for each in sorted(Path(folder or slash or ".").iterdir()):
            if each.name.startswith(start) and (
                each.suffix == ".keras" or (each.is_dir() and start)
            ):
                found.append(f"{folder}{slash}{each.name}{'/' if each.is_dir() else ''}")
    return found


def backends(incomplete: str) -> list[str]:
    """The names of Keras's backends."""
    from seewhy.backend import BACKENDS, WITHOUT_GRADIENTS

    return [name for name in (*BACKENDS, *WITHOUT_GRADIENTS) if name.startswith(incomplete)]


def methods(incomplete: str) -> list[str]:
    """Names of methods, also behind a comma."""
    from seewhy.methods.reading.names import method_names

    return _continued(incomplete, (name.replace("_", "-") for name in method_names()))


def layers(context: typer.Context, incomplete: str) -> list[str]:
    """Layers of the model on the line: of a .keras file all, of a preset its default."""
    before, comma, start = incomplete.rpartition(",")
    names = _layers_of(_model(context))
    return [f"{before}{comma}{name}" for name in names if name.startswith(start)]


def targets(context: typer.Context, incomplete: str) -> list[str]:
    """Classes of the file of labels on the line; of presets those of ImageNet, and its groups."""
    return _continued(incomplete, ["top", "all-top", *_classes(context)])


def _continued(incomplete: str, names: Iterable[str]) -> list[str]:
    """Names that begin as the part behind the last comma does, in whatever spelling.

    Each as the end of what is typed: shells take no others, and the commands know all spellings.
    """
    start = incomplete.rpartition(",")[2]
    ends = (_rest(name, start) for name in names)
    return [f"{incomplete}{end}" for end in ends if end is not None]


def _rest(name: str, start: str) -> str | None:
    """What is left of the name behind its beginning; None if it begins otherwise."""
    if not _key(name).startswith(_key(start)):
        return None
    lengths = range(len(name) + 1)
    return name[next(k for k in lengths if _key(name[:k]) == _key(start)) :]


def _model(context: typer.Context) -> str:
    values = context.params
    return str(values.get("model") or values.get("model_a") or "efficientnet-lite0")


def _layers_of(model: str) -> Iterator[str]:
    if Path(model).suffix == ".keras":
        broken = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)
        with suppress(*broken), zipfile.ZipFile(model) as archive:
            yield from _named_layers(json.loads(archive.read("config.json")))
        return
    from seewhy.data import FOLDER

    with (FOLDER / "presets.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if _key(row["name"]) == _key(model) and "*" not in row["layer"]:
                yield row["layer"]


def _named_layers(saved: Any, path: str = "") -> Iterator[str]:
    """Paths of the layers in the configuration of a saved model, those of nested models too."""
    for layer in saved["config"].get("layers", []):
        name = layer.get("name") or layer["config"]["name"]
        if layer["class_name"] != "InputLayer":
            yield f"{path}{name}"
        if isinstance(layer.get("config"), dict) and layer["config"].get("layers"):
            yield from _named_layers(layer, f"{path}{name}/")


def _classes(context: typer.Context) -> list[str]:
    labels = context.params.get("labels")
    if labels:
        from seewhy.errors import SeewhyError
        from seewhy.targets.label_files import read_label_rows

        with suppress(SeewhyError):
            return [name for _, name in read_label_rows(Path(str(labels)))]
        return []
    if Path(_model(context)).suffix == ".keras":
        return []
    from seewhy.data import FOLDER

    names: list[str] = []
    for table, column in (("imagenet_classes.csv", "name"), ("imagenet_groups.csv", "group")):
        with (FOLDER / table).open(encoding="utf-8", newline="") as file:
            names += [row[column] for row in csv.DictReader(file)]
    return list(dict.fromkeys(names))


def _key(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter not in " _-")
