"""The networks that seewhy knows by name: the bundled one and those of keras.applications."""

from __future__ import annotations

import csv
import difflib
import http.client
import os
import tempfile
import warnings
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from seewhy.data import FOLDER
from seewhy.errors import ModelError, WeightsError
from seewhy.images.argument_order import check_order
from seewhy.models import efficientnet_lite0, model_files
from seewhy.models.refusals.other_kinds import of_another_kind

_TABLE = FOLDER / "presets.csv"
_MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True)
class Preset:
    """A network with all that is needed to explain it without further questions."""

    name: str
    builder: str
    """Name in keras.applications, "" for the bundled network."""
    size: int
    """Height and width of the photos that it was trained on."""
    preprocess: str
    """Mode of seewhy.preprocess that gives the pixels it wants."""
    layer: str
    """The last layer with a grid. A closing * stands for a number that Keras gives anew in each
    model; `target_layer` knows it."""
    parameters: int
    weights: str
    """File that Keras downloads, "" for the bundled network."""


@cache
def presets() -> tuple[Preset, ...]:
    """All presets, the bundled one first and then VGG16; needs no framework."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(map(_preset, csv.DictReader(file)))


def get_preset(name: str) -> Preset:
    """The preset of this name; case, spaces, hyphens and underscores don't matter.

    Raises ModelError with the nearest names if there is none.
    """
    by_key = {_key(preset.name): preset for preset in presets()}
    preset = by_key.get(_key(name))
    if preset is None:
        raise ModelError(f"no preset is called {name!r}. {_near(name)}")
    return preset


def status(preset: Preset) -> str:
    """Where the preset's weights are: "bundled", "cached" or "to download"."""
    if not preset.weights:
        return "bundled"
    return "cached" if cached_path(preset).is_file() else "to download"


def cached_path(preset: Preset) -> Path:
    """The file in which Keras looks for the preset's weights before it downloads them."""
    if not preset.weights:
        return efficientnet_lite0.WEIGHTS
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()
    if home.exists() and not os.access(home, os.W_OK):
        # as keras.utils.get_file does
        shared = Path("/tmp")
        home = (shared if shared.is_dir() else Path(tempfile.gettempdir())) / ".keras"
    return home / "models" / preset.weights


def build(preset: Preset, weights: str | Path | None = None) -> Any:
    """The preset's keras.Model with its weights.

    weights: a .weights.h5, .h5 or .keras file; None takes the bundled ones, or those that Keras
        downloads once into its cache.
    Raises WeightsError if the weights cannot be had or do not fit, ModelError if Keras cannot
    build the network on its backend.
    """
    if weights is not None:
        path = model_files.checked_weights_path(weights)
        with model_files.constant_weights():
            model = _architecture(preset, None)
        model_files.load_weights_into(model, path)
        return model
    if not preset.builder:
        return efficientnet_lite0.efficientnet_lite0()
    with model_files.constant_weights():
        return _architecture(preset, "imagenet")


def load(model: Any, weights: str | Path | None = None) -> tuple[Any, Preset | None]:
    """A keras.Model, and the preset that it was built from.

    model: name of a preset, a .keras or .h5 file with a whole model, or a keras.Model.
    weights: for a preset only, see `build`.
    Raises ModelError if there is no such preset or the file holds no model that can be loaded,
    WeightsError as `build` does, or if weights are given for anything but a preset.
    """
    check_order("model first, then photo", model)
    if isinstance(model, str) and not _is_file(model):
        preset = _preset_or_file(model)
        return build(preset, weights), preset
    if weights is not None:
        raise WeightsError(
            f"weights ({str(weights)!r}) go with the name of a preset, but the model is given "
            "whole and has its own. Leave the weights out, or name a preset such as 'vgg16'."
        )
    if isinstance(model, str | Path):
        return model_files.load_model(Path(model)), None
    import keras

    if not isinstance(model, keras.Model):
        raise ModelError(of_another_kind(model))
    return model, None


def check_name_or_file(model: str) -> None:
    """Raises ModelError as `load` does for what is no preset and no file. Imports no Keras."""
    if _is_file(model):
        model_files.check_model_file(Path(model))
    else:
        _preset_or_file(model)


def is_name(model: str) -> bool:
    """Whether a text is the name of a preset, and no file. Imports no Keras."""
    return not _is_file(model) and _key(model) in map(_key, map(_name, presets()))


def structure(model: Any) -> Any:
    """A model whose layers are to be looked at: of a preset without weights, so none are needed.

    Raises ModelError as `load` does.
    """
    check_order("model first, then photo", model)
    if isinstance(model, str) and not _is_file(model):
        with model_files.constant_weights():
            return _architecture(_preset_or_file(model), None)
    return load(model)[0]


def target_layer(model: Any, preset: Preset) -> str:
    """Name of the preset's default target layer in a model that `build` gave."""
    if "*" not in preset.layer:
        return preset.layer
    # the nearest to the output with a grid; beyond the pooling MobileNetV3 goes on with 1 × 1
    for operation in reversed(model.operations):
        shape = tuple(getattr(operation.output, "shape", ()))
        if fnmatchcase(operation.name, preset.layer) and len(shape) == 4 and shape[1:3] != (1, 1):
            return str(operation.name)
    raise ModelError(
        f"this version of Keras builds {preset.name} without a layer {preset.layer!r} that has "
        "a grid. Name the target layer yourself."
    )


def _preset(row: dict[str, str]) -> Preset:
    return Preset(
        name=row["name"],
        builder=row["builder"],
        size=int(row["size"]),
        preprocess=row["preprocess"],
        layer=row["layer"],
        parameters=int(row["parameters"]),
        weights=row["weights"],
    )


def _architecture(preset: Preset, weights: str | None) -> Any:
    """The network as keras.applications builds it, or the bundled one without weights."""
    import keras

    if not preset.builder:
        return efficientnet_lite0.efficientnet_lite0(weights=False)
    builder = getattr(keras.applications, preset.builder, None)
    if builder is None:
        raise ModelError(
            f"Keras {keras.__version__} has no keras.applications.{preset.builder}. "
            "Update it: pip install -U keras."
        )
    try:
        with warnings.catch_warnings():
            # MobileNetV3 warns that it takes the weights for 224 × 224, which is what is wanted
            warnings.filterwarnings("ignore", "`input_shape` is undefined")
            return builder(weights=weights)
    except Exception as error:
        # get_file gives failed downloads as plain Exception, so the text must tell them apart
        if "not available with" in str(error):
            raise ModelError(f"{error} Set KERAS_BACKEND to tensorflow or jax.") from error
        if weights is None or not _is_download(error):
            raise
        raise WeightsError(_offline(preset, error)) from error


def _is_download(error: Exception) -> bool:
    reasons = ("URL fetch failure", "file hash does not match")
    kinds = (OSError, http.client.HTTPException)
    return isinstance(error, kinds) or any(reason in str(error) for reason in reasons)


def _offline(preset: Preset, error: Exception) -> str:
    path = cached_path(preset)
    reason = " ".join(str(error).split())
    return (
        f"the weights of {preset.name} are not here and could not be downloaded ({reason}). "
        f"The missing file is {path.name}; it may be put by hand into {path.parent}, or given "
        "from elsewhere with --weights FILE (in Python weights=…). The model "
        f"{efficientnet_lite0.NAME!r} comes with seewhy and needs no download."
    )


def _is_file(model: str) -> bool:
    """Whether a string is meant as a path, and not as the name of a preset."""
    if model.lower().endswith(_MODEL_SUFFIXES) or "/" in model or os.sep in model:
        return True
    return _key(model) not in map(_key, map(_name, presets())) and Path(model).exists()


def _preset_or_file(model: str) -> Preset:
    try:
        return get_preset(model)
    except ModelError:
        raise ModelError(
            f"{model!r} is neither the name of a preset nor an existing file. {_near(model)} "
            "A file of your own must be a whole model, .keras or .h5."
        ) from None


def _near(name: str) -> str:
    keys = {_key(preset.name): preset.name for preset in presets()}
    near = difflib.get_close_matches(_key(name), keys, n=4, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(repr(keys[key]) for key in near)}?"
    return f"Known: {', '.join(map(_name, presets()))}."


def _name(preset: Preset) -> str:
    return preset.name


def _key(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())
