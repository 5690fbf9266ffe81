"""Load models and weights from files, and notice when what was loaded is not what was meant."""

from __future__ import annotations

import lzma
import re
import threading
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.checks import check_regular_file
from seewhy.errors import ModelError, WeightsError
from seewhy.models.file_limits import Budget, check_archive, check_datasets, check_tensors
from seewhy.models.load_errors import first_line, unloaded
from seewhy.models.refusals.other_kinds import of_another_kind

_SUFFIXES = (".weights.h5", ".h5", ".hdf5", ".keras")
# What Keras and h5py raise for broken and unfitting files. RuntimeError is not among them:
# out of memory must look like that.
_BROKEN = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(RecursionError, NotImplementedError),
)
_UNFIT = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, ImportError)
_drawing = threading.RLock()


@contextmanager
def constant_weights(budget: Budget | None = None) -> Iterator[None]:
    """Within, this thread's layers start with constants, made at no cost.

    budget: of the values that they may ask for. What is about to be loaded replaces them at once.
    JAX would compile a function for each shape of zeros and ones, and takes seconds to draw random
    values.
    """
    from keras import initializers

    constant = {initializers.Zeros: 0.0, initializers.Ones: 1.0}
    drawn = (
        initializers.RandomNormal,
        initializers.RandomUniform,
        initializers.TruncatedNormal,
        initializers.VarianceScaling,
    )
    values: dict[Any, float | None] = {**constant, **dict.fromkeys(drawn, 0.0)}
    others = (initializers.Constant, initializers.Orthogonal, initializers.Identity)
    values |= dict.fromkeys(others if budget else (), None)
    with _drawing, ExitStack() as undo:
        for kind, value in values.items():
            undo.callback(setattr, kind, "__call__", kind.__call__)
            kind.__call__ = _filled_with(value, kind.__call__, threading.get_ident(), budget)
        yield


def _filled_with(
    value: float | None, draw: Callable[..., Any], owner: int, budget: Budget | None
) -> Callable[..., Any]:
    """An initialiser of this value; None for that of the original."""
    from keras import ops

    def initialise(self: Any, shape: Any, dtype: Any = None) -> Any:
        if budget is not None and threading.get_ident() == owner:
            budget.take(shape)
        if value is None:
            return draw(self, shape, dtype)
        # with a seed it may be a constant that someone counts on and that no file holds
        if threading.get_ident() != owner or self.get_config().get("seed") is not None:
            return draw(self, shape, dtype)
        return ops.convert_to_tensor(np.full(shape, value, "float32"), dtype)

    return initialise


def checked_weights_path(weights: str | Path) -> Path:
    """The path, which exists and has the suffix of a weights file; else WeightsError."""
    path = Path(weights)
    if not path.name.lower().endswith(_SUFFIXES):
        raise WeightsError(
            f"weights are read from {', '.join(_SUFFIXES)} files, not from {str(path)!r}."
        )
    if not path.is_file():
        raise WeightsError(f"there is no weights file {str(path)!r}.")
    return path


def load_weights_into(model: Any, path: Path) -> None:
    """Load a weights file into a model that was just built, so that each variable gets a value.

    Raises WeightsError if the file is broken, leaves a variable without a value, or holds more
    values than the model; the model is then of no use.
    """
    # NaN stays where the file has nothing: Keras skips what it does not find in some formats
    for variable in _real(model):
        variable.assign(np.full(variable.shape, np.nan, "float32"))
    try:
        if path.suffix.lower() == ".keras":
            check_archive(path, WeightsError)
        check_datasets(path, WeightsError)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of each layer that is not there; it is told below
            model.load_weights(path)
        stored = _stored(path)
    except WeightsError:
        raise
    except _BROKEN as error:
        raise WeightsError(
            f"{str(path)!r} is broken or no weights file: {first_line(error)}. Save or copy it "
            "again."
        ) from error
    except _UNFIT as error:
        raise WeightsError(_unfit(model, path, _reason(error))) from error
    missing = [variable.path for variable in _real(model) if _has_nan(variable)]
    if missing:
        reason = f"{len(missing)} of {len(model.weights)} variables get no value, or NaN"
        raise WeightsError(_unfit(model, path, f"{reason}: {', '.join(missing[:3])}"))
    count = sum(int(np.prod(variable.shape)) for variable in model.weights)
    if stored != count:
        reason = f"the file holds {stored:,} values, the network {count:,}"
        raise WeightsError(_unfit(model, path, reason))


def _unfit(model: Any, path: Path, reason: str) -> str:
    return (
        f"the weights in {str(path)!r} cannot be loaded into {model.name} with its "
        f"{model.output_shape[-1]} classes: {reason}. For a network of another kind or with other "
        "classes pass the whole model with --model FILE.keras (in Python model=…)."
    )


def _reason(error: Exception) -> str:
    """Why weights do not fit; Keras's list of all layers that failed cut down to one."""
    text = str(error)
    head = r"A total of (\d+) objects.*?object <\w+ name=([^,>]+)[^\n]*\n\s*"
    listed = re.match(head, text, re.DOTALL)
    if listed is None:
        return first_line(error)
    example = first_line(ValueError(text[listed.end() :]))
    return f"{listed[1]} of its layers do not fit, such as {listed[2]!r} ({example})"


def _real(model: Any) -> list[Any]:
    return [variable for variable in model.weights if "float" in str(variable.dtype)]


def _has_nan(variable: Any) -> bool:
    from keras import ops

    return bool(np.isnan(ops.convert_to_numpy(ops.cast(variable.value, "float32"))).any())


def _stored(path: Path) -> int:
    """How many values of weights a file holds, those of an optimizer left out."""
    import h5py  # type: ignore[import-untyped]

    with ExitStack() as opened:
        source: Any = path
        if path.suffix == ".keras":
            archive = opened.enter_context(zipfile.ZipFile(path))
            source = opened.enter_context(archive.open("model.weights.h5"))
        file = opened.enter_context(h5py.File(source, "r"))
        root = file.get("model_weights", file)
        sizes: list[int] = []

        def note(name: str, item: Any) -> None:
            is_state = {"seed_generator", "optimizer", "optimizer_weights"} & set(name.split("/"))
            if isinstance(item, h5py.Dataset) and not is_state:
                sizes.append(int(item.size))

        root.visititems(note)
    return sum(sizes)


def load_model(path: Path) -> Any:
    """The keras.Model in a .keras or .h5 file, not compiled.

    Raises ModelError if there is no such file, or Keras cannot make a model of it.
    """
    check_model_file(path)
    import keras

    budget: Budget | None = None
    try:
        if path.suffix.lower() == ".keras":
            check_archive(path, ModelError)
        budget = Budget(path, check_datasets(path, ModelError))
        with constant_weights(budget):
            model = keras.saving.load_model(path, compile=False)
    except ModelError:
        raise
    except (*_BROKEN, *_UNFIT) as error:
        refused = budget.refused if budget else None
        raise refused or ModelError(unloaded(path, error)) from error
    if not isinstance(model, keras.Model):
        raise ModelError(f"{str(path)!r} holds no model but one {type(model).__name__}.")
    check_tensors(model, path)
    return model


def check_model_file(path: Path) -> None:
    """Raises ModelError for what is no file, or by its suffix no model. Imports no Keras."""
    check_regular_file(path, ModelError)
    name = str(path)
    if name.lower().endswith(".weights.h5"):
        raise ModelError(
            f"{name!r} holds weights without a model. Name the network that they belong to: "
            "--model NAME --weights FILE (in Python model=…, weights=…)."
        )
    if not path.exists():
        raise ModelError(f"there is no model file {name!r}.")
    if path.is_dir() or path.suffix.lower() not in (".keras", ".h5", ".hdf5"):
        raise ModelError(of_another_kind(path))
    if path.suffix.lower() == ".keras" and not zipfile.is_zipfile(path):
        raise ModelError(
            f"{name!r} is no Keras file, or it is broken: it is not a zip archive. "
            "Copy or save it again."
        )
