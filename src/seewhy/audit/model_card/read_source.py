"""What a card is made of: a store, or an audit with its store where that is still there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seewhy.audit.finding import VERDICTS, Audit, Finding
from seewhy.checks import check_file_size, check_regular_file
from seewhy.datasets.manifest import read_manifest
from seewhy.datasets.open_store import Store, open_store
from seewhy.datasets.places.address import is_address
from seewhy.datasets.store_files import MANIFEST, store_place
from seewhy.errors import OptionError, SeewhyError

FINDINGS = "audit.json"
LARGEST = 500_000_000
"""Bytes."""
_WANTED: dict[str, Any] = {
    **dict.fromkeys(("class_name", "why", "place", "found_by", "key"), str),
    **dict.fromkeys(("photos", "near_duplicates", "class_index"), int),
    **dict.fromkeys(("share", "border_share", "regularity"), float),
}
_OR_NONE = (
    *("flip_rate", "control_rate", "covered_rate", "accuracy_inside", "accuracy_outside"),
    *("purity", "alike_elsewhere"),
)


@dataclass(frozen=True)
class CardSource:
    """What there is to tell."""

    store: Store | None
    """None where that of an audit is gone, or is another one by now."""
    audit: Mapping[str, Any] | None
    """As audit.json has it; None of a store."""
    findings: tuple[Finding, ...] = ()

    @property
    def settings(self) -> Mapping[str, Any]:
        settings: Mapping[str, Any] = (self.audit or {}).get("settings") or {}
        return settings

    @property
    def record(self) -> Mapping[str, Any]:
        """Model, layers, method and options, as `explainer.recording.run_record` has them, as far
        as the files know."""
        own = (self.audit or {}).get("record")
        manifest = self.store.manifest if self.store is not None else {}
        for record in (own, manifest.get("record")):
            if isinstance(record, dict) and _is_whole(record):
                return record
        return _of_earlier_version(manifest, self.settings)


def read_source(source: Any) -> CardSource:
    """source: a store or an audit, or where it is: a folder, an address, or the file audit.json.

    Raises OptionError for what is neither, or is damaged, and StoreError for a damaged store.
    """
    if isinstance(source, Store):
        return CardSource(source, None)
    if isinstance(source, Audit):
        return _of_audit(source.as_dict() | {"complete": True}, None, "the audit")
    if isinstance(source, str) and is_address(source):
        return CardSource(open_store(source), None)
    if not isinstance(source, str | Path):
        raise OptionError(f"a card is made of a store, an audit or their folder; got {source!r}.")
    place = Path(source)
    file = place / FINDINGS if place.is_dir() else place
    if file.is_file():
        return _of_audit(_read(file), file.parent, repr(str(file)))
    if place.is_dir() and (place / MANIFEST).exists():
        return CardSource(open_store(str(place)), None)
    if place.is_dir():
        raise OptionError(
            f"the folder {str(place)!r} has neither {MANIFEST} nor {FINDINGS}: give the folder of "
            f"seewhy run, or of seewhy audit."
        )
    raise OptionError(f"there is no {str(place)!r}: give a folder of seewhy run or seewhy audit.")


def _read(file: Path) -> Mapping[str, Any]:
    check_regular_file(file, OptionError)
    check_file_size(file, LARGEST, OptionError, f"{FINDINGS} of audits")
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise OptionError(
            f"{str(file)!r} cannot be read as JSON ({error}): give {FINDINGS} as seewhy audit "
            f"wrote it, or its folder."
        ) from error
    if not isinstance(values, dict) or not isinstance(values.get("findings"), list):
        raise OptionError(
            f"{str(file)!r} is no audit: it has no list 'findings'. Give {FINDINGS} as seewhy "
            f"audit wrote it, or its folder."
        )
    return values


def _of_audit(values: Mapping[str, Any], folder: Path | None, name: str) -> CardSource:
    findings = []
    for number, each in enumerate(values["findings"], 1):
        try:
            findings.append(_checked(Finding.from_dict(each)))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise OptionError(
                f"finding {number} of {name} is damaged ({type(error).__name__}: {error}): take "
                f"the file as seewhy audit wrote it, or audit again."
            ) from error
    known = {name: values.get(name) for name in ("settings", "notes")}
    if not isinstance(known["settings"], dict) or not isinstance(known["notes"], list):
        raise OptionError(f"{name} has no 'settings' or 'notes': audit again.")
    if not isinstance(values.get("photos"), int):
        raise OptionError(f"{name} does not tell how many 'photos' were looked at: audit again.")
    return CardSource(_store_of(known["settings"], folder), values, tuple(findings))


def _checked(finding: Finding) -> Finding:
    """Raises TypeError for values of another kind."""
    for name, kind in _WANTED.items():
        value = getattr(finding, name)
        if not isinstance(value, int | float if kind is float else kind):
            raise TypeError(f"{name} is {value!r}")
    numbers = [*(getattr(finding, name) for name in _OR_NONE), *(finding.interval or ())]
    if not all(value is None or isinstance(value, int | float) for value in numbers):
        raise TypeError("a rate is no number")
    if finding.verdict not in VERDICTS or len(finding.interval or (0, 0)) != 2:
        raise ValueError(f"the verdict is {finding.verdict!r}")
    return finding


def _store_of(settings: Mapping[str, Any], folder: Path | None) -> Store | None:
    """The store that was audited, where it is still there with the same model."""
    there = [settings["store"]] if isinstance(settings.get("store"), str) else []
    there += [str(folder / "store")] if folder is not None else []
    for place in there:
        try:
            if read_manifest(store_place(place)) is not None:
                store = open_store(place)
                weights = store.manifest["model"].get("weights_sha256")
                if weights == settings.get("weights_sha256", weights):
                    return store
        except (SeewhyError, OSError):
            continue
    return None


def _is_whole(record: Mapping[str, Any]) -> bool:
    kinds = {"model": dict, "layers": list, "method": dict, "options": dict}
    method = record.get("method")
    named = isinstance(method, dict) and isinstance(method.get("name"), str)
    return named and all(isinstance(record.get(name), kind) for name, kind in kinds.items())


def _of_earlier_version(
    manifest: Mapping[str, Any], settings: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What stores and audits without a record know."""
    model = dict(manifest.get("model") or {"name": settings.get("model", "")})
    model.setdefault("weights_sha256", settings.get("weights_sha256"))
    layer = str(manifest.get("layer") or settings.get("layer") or "")
    options = dict(manifest.get("options") or {})
    method = {
        "name": str(manifest.get("method") or settings.get("method") or ""),
        "options": options.pop("of_method", {}),
    }
    layers = layer.split(" + ") if layer else []
    return {"model": model, "layer": layer, "layers": layers, "method": method, "options": options}
