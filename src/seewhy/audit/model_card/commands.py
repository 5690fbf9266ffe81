"""The commands that make again what a card tells, with names in the place of paths."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seewhy.audit.audit_options import AuditOptions
from seewhy.datasets.run_options import RunOptions
from seewhy.explainer.options import FIELDS
from seewhy.methods.reading.names import written_options
from seewhy.results.records.make_record import file_name
from seewhy.results.records.record import OWN_FUNCTION

PHOTOS, MODEL = "PHOTOS", "MODEL"
"""Stand for what came from no file."""


def run_command(manifest: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """The command that explains the photos of a store. record: as `explainer.recording` has it."""
    run = RunOptions()
    words = ["seewhy", "run", *sources(manifest), *model_words(record["model"])]
    words += [word for name in manifest["questions"] for word in ("--target", name)]
    words += [*_explaining(record)]
    words += ["--labels-from", "folder"] if manifest.get("labels_from_folder") else []
    for name, flag in (("limit", "--limit"), ("shard_size", "--shard-size")):
        value = manifest.get(name)
        words += [] if value in (None, getattr(run, name)) else [flag, str(value)]
    words += ["--features"] if manifest.get("features") else []
    words += [] if manifest.get("exact", True) else ["--reduced"]
    if manifest.get("backend"):
        words += ["--backend", manifest["backend"]]
    return _joined([*words, "--output", "store"])


def audit_command(settings: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """The command that audits that store. settings: of `AuditOptions`, as audit.json has them."""
    usual = AuditOptions()
    words = ["seewhy", "audit", "store", *model_words(record["model"])]
    words += [word for name in settings.get("classes") or () for word in ("--class", str(name))]
    for name in ("confirm", "recipients"):
        value = settings.get(name, getattr(usual, name))
        words += [] if value == getattr(usual, name) else [f"--{name}", str(value)]
    for name in ("boxes", "against"):
        given = settings.get(name)
        words += [f"--{name}", file_name(given) or name.upper()] if isinstance(given, str) else []
    words += ["--seed", str(settings.get("seed", usual.seed))]
    return _joined([*words, "--output", "audit"])


def sources(manifest: Mapping[str, Any]) -> list[str]:
    """What the photos of a store were given as, without folders."""
    given = [str(each) for each in manifest.get("sources") or ()]
    names = [f"{'@' if each[:1] == '@' else ''}{file_name(each.lstrip('@'))}" for each in given]
    return [name or PHOTOS for name in names] or [PHOTOS]


def model_words(model: Mapping[str, Any]) -> list[str]:
    if model.get("preset"):
        weights = model.get("weights_file")
        return ["--model", model["preset"], *(["--weights", weights] if weights else [])]
    return ["--model", model.get("file") or MODEL]


def _explaining(record: Mapping[str, Any]) -> Iterator[str]:
    """The flags of what was chosen otherwise than by default, and the layer."""
    for layer in record["layers"]:
        yield from ("--layer", str(layer))
    method = record["method"]
    yield from ("--method", str(method["name"]).replace("_", "-"))
    usual = written_options().get(method["name"], {})
    for name, value in (method.get("options") or {}).items():
        if value != usual.get(name):
            yield from ("--option", f"{name}={_value(value)}")
    for each in FIELDS:
        value, flag = record["options"].get(each.name), each.metadata["flag"]
        told = each.name not in ("layer", "method", "options", "weights", "batch_size", "top")
        if not told or flag is None or value in (each.default, None, [], OWN_FUNCTION, "own names"):
            continue
        name = f"--{flag.name or each.name}"
        if each.name == "grid":
            yield from (name, *map(str, value))
        elif flag.repeated:
            yield from (word for one in _listed(value) for word in (name, str(one)))
        else:
            yield from (name, _value(value))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _value(value: Any) -> str:
    return ",".join(map(_value, value)) if isinstance(value, list | tuple) else str(value)


def _joined(words: Sequence[Any]) -> str:
    return shlex.join(map(str, words))
