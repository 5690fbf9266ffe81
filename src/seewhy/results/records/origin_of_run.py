"""Where the explanations of a run come from, as the manifest of its store tells."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any

from seewhy.maps.stored_maps import STEP
from seewhy.results.records.record import MethodRecord, ModelRecord, Origin

_NOT_OPTIONS = ("of_method", "batch_size")


def origin_of_run(manifest: Mapping[str, Any], question: str) -> Origin:
    """Of the explanations that answer a question, in words as the manifest has it.

    A manifest of an earlier version tells neither the model's file nor the paper, and how a
    question is asked again only of "top".
    """
    plain = manifest.get("record")
    backend, device = (str(manifest.get(name) or "") for name in ("backend", "device"))
    with suppress(KeyError, TypeError, AttributeError):  # written by hand
        if plain is not None:
            asked = {each["question"]: each for each in plain["questions"]}[question]
            return Origin(
                model=ModelRecord(**plain["model"]),
                layers=tuple(plain["layers"]),
                method=MethodRecord(**plain["method"]),
                options=dict(plain["options"]),
                not_recorded=tuple(plain["not_recorded"]),
                target=asked["target"],
                asked=asked["asked"],
                backend=backend,
                device=device,
                map_step=STEP,
            )
    earlier = _of_earlier_version(manifest, is_top=question == "top")
    return replace(earlier, backend=backend, device=device)


def _of_earlier_version(manifest: Mapping[str, Any], *, is_top: bool) -> Origin:
    options, model = dict(manifest["options"]), dict(manifest["model"])
    known = {each.name for each in fields(ModelRecord)}
    return Origin(
        model=ModelRecord(**{name: model[name] for name in model if name in known}),
        layers=tuple(manifest["layer"].split(" + ")),
        method=MethodRecord(manifest["method"], options=options.get("of_method") or {}),
        options={name: value for name, value in options.items() if name not in _NOT_OPTIONS},
        target="top" if is_top else None,
        asked={"kind": "rank", "rank": 0} if is_top else None,
        map_step=STEP,
    )
