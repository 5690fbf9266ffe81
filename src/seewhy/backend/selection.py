"""Which backend Keras runs on, and the module of seewhy that belongs to it."""

from __future__ import annotations

import difflib
import importlib.util
import json
import os
import shutil
import sys
import threading
from pathlib import Path
from types import ModuleType

from seewhy.errors import BackendError

BACKENDS = ("tensorflow", "jax", "torch")
WITHOUT_GRADIENTS = ("numpy", "openvino")
"""Backends of Keras that run methods without gradients only; never chosen unless they are set."""
NEEDED = {"numpy": "jax", "openvino": "openvino"}
"""What Keras needs for them beside itself: its numpy backend runs convolutions on JAX."""
_loading = threading.Lock()


def choose() -> str | None:
    """Make Keras use an installed backend where its own choice is not installed.

    Does nothing if Keras's choice (KERAS_BACKEND, then its settings file, then TensorFlow) is
    there. Returns the name of the backend that Keras will use, or None if there is none.
    """
    configured = os.environ.get("KERAS_BACKEND")
    if configured:
        return configured
    usual = _settings().get("backend", "tensorflow")
    if usual not in BACKENDS or _installed(usual):
        return str(usual)
    there = next((name for name in BACKENDS if _installed(name)), None)
    if there:
        os.environ["KERAS_BACKEND"] = there
    return there


def load() -> ModuleType:
    """The module of the backend that Keras runs on.

    Raises BackendError if no backend is installed, or Keras is set to one that is missing or that
    does not exist.
    """
    with _loading:
        name = choose()
        if name is None:
            raise BackendError(
                "seewhy needs TensorFlow, JAX or PyTorch, and none is installed. Install one: "
                'pip install "seewhy[tensorflow]", "seewhy[jax]" or "seewhy[torch]".'
            )
        if "keras" not in sys.modules:  # what it runs on is no longer chosen
            _check_choice(name)
        import keras

        name = keras.backend.backend()
        if name not in (*BACKENDS, *WITHOUT_GRADIENTS):
            raise BackendError(
                f"Keras runs on the backend {name!r}, which seewhy does not know. "
                f"Set KERAS_BACKEND to one of {', '.join(BACKENDS)} before Keras is imported."
            )
        return importlib.import_module(f"seewhy.backend.{name}")


def _check_choice(name: str) -> None:
    """Raises BackendError for a backend that is not known, and for one that is not installed."""
    source = "KERAS_BACKEND" if os.environ.get("KERAS_BACKEND") else str(_settings_file())
    known = (*BACKENDS, *WITHOUT_GRADIENTS)
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise BackendError(
            f"{source} asks for {name!r}, and Keras has no such backend.{hint} Set KERAS_BACKEND "
            f"to one of {', '.join(BACKENDS)} before Keras is imported."
        )
    needed = NEEDED.get(name, name)
    if not _installed(needed):
        missing = "which" if needed == name else f"for which Keras needs {needed!r}, and that"
        mend = "unset KERAS_BACKEND" if source == "KERAS_BACKEND" else "set KERAS_BACKEND"
        raise BackendError(
            f"{source} asks for {name!r}, {missing} is not installed. Install it: "
            f'pip install "seewhy[{needed}]", or {mend}.'
        )


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _settings() -> dict[str, str]:
    try:
        settings = json.loads(_settings_file().read_text())
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}


def _settings_file() -> Path:
    """Where Keras keeps its settings."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "keras.json"


def check_compiler(name: str | None, backend: ModuleType) -> None:
    """Raises BackendError where a backend does not have the compiler, or lacks what it needs."""
    if name is None:
        return
    if backend.NAME != "torch":
        compiles = backend.NAME in ("jax", "tensorflow")
        own = "which compiles by itself" if compiles else "which has none"
        raise BackendError(
            f"compile={name!r} is a compiler of torch, and Keras runs on {backend.NAME}, {own}: "
            f"leave it out, or set KERAS_BACKEND to torch before Keras is imported."
        )
    import torch

    if torch.cuda.is_available():
        if not _installed("triton"):
            raise BackendError(f"compile={name!r} needs triton on a GPU: pip install triton.")
    elif not any(map(shutil.which, [os.environ.get("CXX") or "g++", "g++", "clang++", "cl"])):
        raise BackendError(
            f"compile={name!r} needs a C++ compiler on a CPU, and there is no g++ or clang++: "
            f"install one, name it in the environment variable CXX, or leave compile out."
        )
