"""Why Keras could not make a model of a file, and the way on, out of what it says at length."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

PASS = "and pass it as model=…."
OF_TENSORFLOW = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod")
"""What Keras 2 made of TensorFlow's own operations between layers."""


def unloaded(path: Path, error: Exception) -> str:
    """One line: the cause from inside of Keras, and the mend."""
    text = str(error)
    cause = _cause(text) or first_line(error)
    version = _version_of_keras(path)
    made = f" Keras {version} made it." if version and not version.startswith("3") else ""
    start = f"cannot load a model from {str(path)!r}: {cause.rstrip('.')}.{made}"
    if "No model config found" in text:
        return f"{start} If it holds weights only, use --model NAME --weights FILE."
    if any(name in cause for name in OF_TENSORFLOW):
        return (
            f"{start} It has operations of TensorFlow between its layers, which Keras 3 cannot "
            f"read: load it with the package tf_keras, save its weights, load these into the same "
            f"network built with Keras 3, {PASS}"
        )
    if "safe_mode" in text or "unsafe" in text:
        return (
            f"{start} The file holds code. If you trust it, load it in Python with "
            f"keras.saving.load_model(…, safe_mode=False) {PASS}"
        )
    unknown = re.search(UNKNOWN, cause)
    if unknown:
        name = unknown[1] or unknown[2]
        return (
            f"{start} The model has classes or functions of its own: load it in Python with "
            f"keras.saving.load_model(…, custom_objects={{{name!r}: {name}}}), where {name} is "
            f"defined, {PASS}"
        )
    options = re.search(r"Unrecognized keyword arguments?[^:]*?(?: passed to (\w+))?:", cause)
    if options:
        name = options[1] or _class_of(text) or "NAME"
        return (
            f"{start} Keras 3 does not know these options: load it in Python with "
            f"keras.saving.load_model(…, custom_objects={{{name!r}: …}}), a subclass of {name} "
            f"that leaves them out, or with the package tf_keras to save its weights, {PASS}"
        )
    return f"{start} The file is broken or was made by an incompatible version of Keras."


UNKNOWN = (
    r"(?:Could not locate|Unknown) \w+:? '(\w[^']*)'"
    r"|Could not interpret [^:]*identifier:? '?(\w+)"
)


def _cause(text: str) -> str | None:
    """What Keras says innermost, behind the configs of all that lies around it."""
    unknown = re.search(r"(Could not locate|Unknown) (\w+):? '[^']+'", text)
    if unknown:
        return unknown[0]
    inner = text.rpartition("Exception encountered: ")
    if not inner[1]:
        return None
    kind = _class_of(text)
    where = f"{kind}: " if kind and kind not in inner[2] else ""
    return where + first_line(ValueError(inner[2]))


def _class_of(text: str) -> str | None:
    """The class of the innermost object that could not be made."""
    names = re.findall(r"(?:deserializing class '|<class '[\w.]*?)(\w+)'", text)
    return names[-1] if names else None


def _version_of_keras(path: Path) -> str | None:
    """By which version an .h5 file was made."""
    import h5py  # type: ignore[import-untyped]

    if path.suffix.lower() == ".keras":
        return None
    with suppress(OSError, RuntimeError, KeyError, ValueError), h5py.File(path, "r") as file:
        version = file.attrs.get("keras_version")
        text = version.decode(errors="replace") if isinstance(version, bytes) else str(version)
        return text[:20] if version is not None and text.isprintable() else None
    return None


def first_line(error: Exception) -> str:
    """The first line of an error's text, and of a long one the first sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0].rstrip(".:") if lines else type(error).__name__
    return text if len(text) <= 200 else text.split(". ")[0][:200]
