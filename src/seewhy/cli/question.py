"""What was asked of photos, in a form that tells whether it is the same as in an earlier run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seewhy.images.listing import absolute
from seewhy.render.files import slug

_NOT_ASKED = ("batch_size",)
"""Options that change no result."""


@dataclass(frozen=True)
class Question:
    """A question to a model."""

    id: str
    """Equal for equal model, options, targets and look."""
    mark: str
    """What its files are called by where other files have the plain names."""


def question_of(
    model: str,
    settings: Mapping[str, Any],
    targets: Sequence[str],
    others: Mapping[str, Any],
) -> Question:
    """The question that flags ask.

    settings: arguments of `Explainer`. targets: as they were written. others: what else changes
    the results or the pictures.
    """
    from seewhy.models import presets

    preset = presets.get_preset(model).name if presets.is_name(model) else None
    asked = {
        "model": preset or _file_state(model),
        "settings": {
            name: _file_state(str(value)) if isinstance(value, Path) else repr(value)
            for name, value in sorted(settings.items())
            if name not in _NOT_ASKED
        },
        "targets": list(targets),
        "others": {name: repr(value) for name, value in sorted(others.items())},
    }
    text = json.dumps(asked, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return Question(digest, _mark(settings, targets) or digest[:6])


def photo_state(path: str) -> dict[str, Any]:
    """The absolute path of a photo, its bytes and its time; what is not there has none."""
    return _file_state(path)


def _file_state(path: str) -> dict[str, Any]:
    state: dict[str, Any] = {"path": absolute(path), "bytes": None, "changed": None}
    try:
        about = Path(path).stat()
    except OSError:
        return state
    return state | {"bytes": about.st_size, "changed": about.st_mtime_ns}


def _mark(settings: Mapping[str, Any], targets: Sequence[str]) -> str:
    """The target, layer and method, as far as they are not what is asked if nothing is said."""
    layer = settings.get("layer")
    method = settings.get("method")
    words = [
        *(target for target in targets if target != "top"),
        *(map(str, layer) if isinstance(layer, list) else [] if layer is None else [str(layer)]),
        *([] if method in (None, "grad_cam", "grad-cam") else [str(method)]),
    ]
    return slug("-".join(words))[:60] if words else ""
