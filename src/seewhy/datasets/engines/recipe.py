"""How an explainer is made again in another process, also on a machine without its files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from seewhy import backend
from seewhy.errors import OptionError, SeewhyError
from seewhy.models import model_files, presets
from seewhy.results.records.make_record import file_name
from seewhy.targets.labels import read_labels

if TYPE_CHECKING:
    from seewhy.explainer.explainer import Explainer


@dataclass(frozen=True)
class SentFile:
    """A file as it was where the run was started."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Recipe:
    """A model and the arguments of `Explainer`, which can be pickled."""

    model: str | SentFile
    """A preset's name, or the file."""
    settings: Mapping[str, Any]
    """Arguments of `Explainer`, of which weights are a `SentFile` or None."""
    backend: str | None
    """What Keras runs on; the process has to be started so. None where that is not known."""
    fingerprint: str | None = None
    """Of the weights that the model is to have; None where any are right."""
    classes: Mapping[str, type] = field(default_factory=dict)
    """The model's own classes by name, which its file does not hold."""
    file: str | None = None
    labels: str | None = None
    """What records call the model's file and the names of the classes, which are sent without."""

    def explainer(self) -> Explainer:
        """The explainer. Raises a SeewhyError where it cannot be made, or is of other weights."""
        import keras

        from seewhy.explainer.explainer import Explainer
        from seewhy.models.wrapped_model import fingerprint

        backend.load()
        own_classes = keras.saving.custom_object_scope(dict(self.classes))
        with TemporaryDirectory(prefix="seewhy-") as folder, own_classes:
            place = Path(folder)
            model = _written(place, "model", self.model)
            weights = _written(place, "weights", self.settings.get("weights"))
            explainer = Explainer(model, **{**self.settings, "weights": weights})
        own = self.fingerprint
        if own is not None and fingerprint(explainer.pipeline.wrapped.model) != own:
            raise OptionError(
                "the model's weights are not those that it was loaded with: save the model, and "
                "give the .keras file."
            )
        return explainer

    def renamed(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """A manifest that was made elsewhere, with the names of files as they are here."""
        record = dict(manifest["record"])
        record["model"] = record["model"] | {"file": self.file}
        record["options"] = record["options"] | {"labels": self.labels}
        return {**manifest, "record": record}


def recipe_of_words(model: str, settings: Mapping[str, Any]) -> Recipe:
    """Of a preset's name or a model's file. Imports no Keras.

    Raises ModelError, WeightsError or LabelsError for files that are not there.
    """
    presets.check_name_or_file(model)
    sent = model if presets.is_name(model) else _sent(Path(model))
    file = sent.name if isinstance(sent, SentFile) else None
    labels = settings.get("labels")
    called = file_name(os.fspath(labels)) if isinstance(labels, str | os.PathLike) else None
    return Recipe(sent, _sendable(settings), backend.choose(), file=file, labels=called)


def recipe_of(explainer: Explainer) -> Recipe:
    """Of an explainer. Raises OptionError for models that cannot be saved to a file."""
    from seewhy.explainer.recording.origin import OriginMaker
    from seewhy.models.wrapped_model import fingerprint

    pipeline = explainer.pipeline
    wrapped, settings = pipeline.wrapped, pipeline.options.as_dict()
    if not _is_words(settings["layer"]):
        settings["layer"] = [cut.layer.address for cut in pipeline.plan.cuts]
    name, sendable, digest = pipeline.backend.NAME, _sendable(settings), fingerprint(wrapped.model)
    if wrapped.preset is not None:
        recipe = Recipe(wrapped.preset.name, sendable, name, digest)
    else:
        own = dict(_own_classes(wrapped.model))
        recipe = Recipe(_saved(wrapped.model), sendable, name, digest, own)
    labels = OriginMaker.of(pipeline).of_all().options["labels"]
    return replace(recipe, file=wrapped.file, labels=labels)


def _sendable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the contents of files in place of their paths."""
    sendable, labels = dict(settings), settings.get("labels")
    if isinstance(labels, str | os.PathLike):
        sendable["labels"] = read_labels(os.fspath(labels))
    if settings.get("weights") is not None:
        sendable["weights"] = _sent(model_files.checked_weights_path(settings["weights"]))
    return sendable


def _is_words(layer: Any) -> bool:
    layers = layer if isinstance(layer, list | tuple) else [layer]
    return all(each is None or isinstance(each, str | int) for each in layers)


def _own_classes(layer: Any) -> Iterator[tuple[str, type]]:
    """The classes of a model and its layers that are none of Keras's."""
    import keras

    known: set[int] = set()
    ahead = [layer]
    while ahead:
        each = ahead.pop()
        if isinstance(each, list | tuple):
            ahead += each
        elif isinstance(each, keras.Layer) and id(each) not in known:
            known.add(id(each))
            if not type(each).__module__.startswith("keras."):
                yield type(each).__name__, type(each)
            ahead += [*getattr(each, "layers", ()), *vars(each).values()]


def _sent(path: Path) -> SentFile:
    try:
        return SentFile(path.name, path.read_bytes())
    except OSError as error:
        raise OptionError(f"{str(path)!r} cannot be read ({error.strerror or error}).") from error


def _saved(model: Any) -> SentFile:
    """A Keras model as a .keras file has it."""
    with TemporaryDirectory(prefix="seewhy-") as folder:
        path = Path(folder) / "model.keras"
        try:
            model.save(path)
        except SeewhyError:
            raise
        except Exception as error:  # whatever the user's layers raise
            raise OptionError(
                f"{type(model).__name__} {getattr(model, 'name', '')!r} cannot be sent to other "
                f"processes, since it cannot be saved as a .keras file ({error}): give a preset "
                f"or a file, or leave engine='ray' out."
            ) from error
        return _sent(path)


def _written(folder: Path, name: str, given: Any) -> Any:
    """The path of a file that was sent, written now; anything else as it is."""
    if not isinstance(given, SentFile):
        return given
    path = folder / name / given.name
    path.parent.mkdir()
    path.write_bytes(given.data)
    return path
