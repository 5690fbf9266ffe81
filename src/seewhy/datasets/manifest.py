"""What a store was made with, and whether another run asks the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from seewhy.datasets.places.places import Place
from seewhy.datasets.store_files import MANIFEST, write_file
from seewhy.errors import SeewhyError, StoreError
from seewhy.explainer.options import ExplainerOptions
from seewhy.targets.labels import Labels

SCHEMA = 1
"""Of the store's columns and of its manifest."""
FREE = ("versions", "device", "record", "classes", "grid", "input", "extents", "units")
"""What follows from the rest, or may differ between runs of one store."""

_ELSEWHERE = ("labels", "weights", "layer", "method", "options")
"""Options of an explainer that a manifest tells by what came of them."""


def read_manifest(store: Place) -> dict[str, Any] | None:
    """What a store was made with; None where there is none. Raises StoreError."""
    path = store / MANIFEST
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        version = known["schema"]
    except FileNotFoundError:
        return None
    except SeewhyError:  # some of which are errors of values, too
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{str(path)!r} is no manifest of a store ({error}). Give the folder of a store, or "
            f"copy the file back."
        ) from error
    if version != SCHEMA:
        raise StoreError(
            f"the store {str(store)!r} has the schema {version!r}, and this version of seewhy "
            f"reads schema {SCHEMA}: take the version that wrote it, "
            f"{(known.get('versions') or {}).get('seewhy', 'unknown')}."
        )
    wanted = {"model": dict, "layer": str, "method": str, "options": dict, "grid": list}
    wanted |= {"questions": list, "classes": list, "versions": dict}
    lost = [name for name, kind in wanted.items() if not isinstance(known.get(name), kind)]
    if lost:
        raise StoreError(
            f"{str(path)!r} does not tell {', '.join(lost)}: it is damaged, or no manifest of a "
            f"store. Copy that file back, or run again into another folder."
        )
    # of stores made before they were choices or columns
    return {"features": False, "exact": True, "photo_sha256": False, **known}


def write_manifest(store: Place, manifest: Mapping[str, Any]) -> None:
    """Write it. Raises StoreError where that is not possible."""
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    write_file(store / MANIFEST, text)


def check_same(store: Place, known: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raises StoreError that names what is asked otherwise than the store was made with.

    asked: what is known of a run so far; what it does not have is not compared.
    """
    differing = list(differences(known, asked))
    if differing:
        raise StoreError(
            f"the store {str(store)!r} was made with {'; '.join(differing)}. Give another folder "
            f"for another question, or ask the same to go on."
        )


def differences(known: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[str]:
    """Each difference in words."""
    for name, value in asked.items():
        if name in FREE or name == "schema":
            continue
        before = known.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            yield from differences(before, {**dict.fromkeys(before), **value})
        elif before != value:
            yield f"{name.replace('_', ' ')} {_words(before)}, now {_words(value)}"


def plain(value: Any) -> Any:
    """A choice as JSON holds it; functions and records by what they are called."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [plain(each) for each in value]
    if isinstance(value, Callable):  # type: ignore[arg-type]
        return f"{value.__module__}.{value.__qualname__}" if hasattr(value, "__qualname__") else ""
    return str(value)


def stated_options(options: ExplainerOptions) -> dict[str, Any]:
    """An explainer's choices as a manifest has them."""
    return {
        name: plain(value) for name, value in options.as_dict().items() if name not in _ELSEWHERE
    }


def classes_of(labels: Labels) -> list[list[str | None]]:
    """[WordNet id, name] of each class."""
    return [[label.wnid, label.name] for label in labels.entries]


def digest_of(classes: Any) -> str:
    """SHA-256 of plain values."""
    return hashlib.sha256(json.dumps(classes).encode()).hexdigest()


def _words(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
