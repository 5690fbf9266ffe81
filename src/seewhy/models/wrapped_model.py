"""The model to be explained, and how images get into it and classes out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.errors import ImageError, ModelError, PreprocessError
from seewhy.models import detect_preprocess, input_specs, keras_hub, presets
from seewhy.models.input_specs import InputSpec, Shape
from seewhy.models.preprocess import get_preprocessing, on_device
from seewhy.models.presets import Preset
from seewhy.network.grids import InputView
from seewhy.network.split import Split

Tensor = Any

USUAL_SIZE = (224, 224)


@dataclass(frozen=True)
class WrappedModel:
    """A model, and what must be known to give it a photo or other input."""

    model: Any
    preset: Preset | None
    inputs: tuple[InputSpec, ...]
    """Its inputs; () where they are known only from the first image."""
    structure: Any
    """How the inputs are given: nested lists, tuples and dictionaries of their indices."""
    spread: bool
    """Whether the model takes its inputs as several arguments."""
    size: tuple[int, int] | None
    """(height, width) that photos are brought to; None where it is not known."""
    channels_first: bool
    preprocess: Callable[[np.ndarray], Any] | None
    """uint8 values as float32 (batch, height, width, 3) → network input; None if unknown."""
    resizes: bool = False
    """Whether it brings photos of any size to its own by itself, so that they come as they are."""
    file: str | None = None
    """Name of the file that it was loaded from, without folders; None for others."""
    traces: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was learned of it while it ran abstractly, by what it ran on; see `plan.trace`."""
    kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What is made once of it for all explainers that share it, by name."""

    @property
    def name(self) -> str:
        return str(getattr(self.model, "name", type(self.model).__name__))

    @property
    def variables(self) -> list[Any]:
        return list(getattr(self.model, "variables", ()))

    @property
    def image(self) -> int:
        """Which input is the image: the first of those with the most space axes."""
        ranks = [entry.rank for entry in self.inputs]
        return ranks.index(max(ranks))

    @property
    def images(self) -> list[int]:
        """All inputs that may be the image, as the two of a siamese network."""
        rank = self.inputs[self.image].rank
        return [k for k, entry in enumerate(self.inputs) if entry.rank == rank]

    def run(self, *tensors: Tensor) -> Any:
        """The outputs in inference mode."""
        import keras

        if isinstance(self.model, Split):
            return self.model.run_tail(*self.model.run_head(*tensors))
        if self.spread:
            return self.model(*tensors, training=False)
        arguments = keras.tree.map_structure(lambda k: tensors[k], self.structure)
        return self.model(arguments, training=False)

    def specs(self, arrays: Sequence[np.ndarray] = ()) -> list[tuple[Shape, str]]:
        """Shape and dtype of each input; like these arrays, where they are given."""
        # two images, since an axis of one window or head would look like that of the batch
        batch = self.inputs[0].batch or 2
        if arrays:
            return [((batch, *array.shape[1:]), array.dtype.name) for array in arrays]
        return [((batch, *self._filled(entry)), entry.dtype) for entry in self.inputs]

    def view(self, shape: Shape, tokens: tuple[int, ...] | None) -> InputView:
        """What layers can be looked at for an image of this shape, with its batch axis."""
        space = input_specs.space_axes(shape[1:], self.channels_first)
        return InputView(space, self.channels_first, tokens, shape[0])

    def space_range(self, shape: Shape) -> tuple[int, int]:
        """First and last (exclusive) space axis of an input of this shape, with its batch axis."""
        if len(shape) < 3:
            return (0, 0)
        return (2, len(shape)) if self.channels_first else (1, len(shape) - 1)

    def space_sides(self, specs: Sequence[tuple[Shape, str]], k: int) -> tuple[int, ...]:
        """The sizes of the space axes of input k. specs: shape and dtype of each input."""
        shape = specs[k][0]
        return tuple(shape[slice(*self.space_range(shape))])

    def takes_photos(self, k: int) -> bool:
        """Whether photos fit an entry: (height, width, 1 or 3)."""
        entry = self.inputs[k]
        return entry.rank == 2 and self.channels(k) in (1, 3, None)

    def photo_size(self, k: int) -> tuple[int, int] | None:
        """(height, width) that all photos are brought to; None where it depends on the photo."""
        entry = self.inputs[k]
        declared = entry.shape[1:] if self.channels_first else entry.shape[:-1]
        usual = (None, None) if self.resizes else self.size or entry.seen or USUAL_SIZE
        height, width = declared[0] or usual[0], declared[1] or usual[1]
        return (height, width) if height and width else None

    def channels(self, k: int) -> int | None:
        return self.inputs[k].shape[0 if self.channels_first else -1]

    def network_input(self, pixels: np.ndarray, k: int) -> np.ndarray:
        """Values (batch, height, width, channels) → float32 batch as the network wants it.

        Raises PreprocessError if it is not known how, or the user's function breaks the shape.
        """
        if self.preprocess is None:
            raise detect_preprocess.missing_preprocessing_error(self.model)
        batch = _grey(pixels) if self.channels(k) == 1 and pixels.shape[-1] == 3 else pixels
        if self.channels(k) not in (batch.shape[-1], None):
            raise ImageError(
                f"the model takes images of {self.channels(k)} channels, a photo has 3. Give a "
                f"preprocessed float array of shape {self.inputs[k].shape}."
            )
        ready = np.asarray(self.preprocess(batch.astype("float32")), "float32")
        if ready.shape != batch.shape:
            raise PreprocessError(
                f"the preprocessing gave an array of shape {ready.shape}; "
                f"expected {batch.shape}, as it came."
            )
        return np.moveaxis(ready, -1, 1) if self.channels_first else ready

    def prepares_on_device(self, k: int) -> bool:
        """Whether uint8 photos of an entry can be preprocessed in a compiled pass.

        The function of a user runs on the host, and so does what makes photos grey.
        """
        known = self.preprocess is not None and on_device(self.preprocess) is not None
        return known and "float" in self.inputs[k].dtype and self.channels(k) in (3, None)

    def network_tensor(self, pixels: Tensor) -> Tensor:
        """The same as `network_input`, of a uint8 tensor in a compiled pass."""
        from keras import ops

        prepare = self.preprocess and on_device(self.preprocess)
        assert prepare is not None  # noqa: S101  (for mypy: see prepares_on_device)
        ready = prepare(ops.cast(pixels, "float32"))
        return ops.moveaxis(ready, -1, 1) if self.channels_first else ready

    def learning(self, sample: Any) -> WrappedModel:
        """The same with entries like the parts of a first image, where the model declares none."""
        specs, structure = input_specs.specs_of_sample(sample, self.size)
        return replace(self, inputs=specs, structure=structure)

    def _filled(self, entry: InputSpec) -> tuple[int, ...]:
        """The entry's shape, with the usual size where any will do."""
        sides = self.size if entry.rank == 2 and self.size else (USUAL_SIZE[0],) * 8
        axes = iter(sides)
        at = 0 if self.channels_first else len(entry.shape) - 1
        return tuple(
            side if side is not None else (3 if k == at and entry.rank else next(axes, 8))
            for k, side in enumerate(_sized(entry, self.size, at))
        )


def _sized(entry: InputSpec, size: tuple[int, int] | None, channels: int) -> list[int | None]:
    """An image's shape with the size that photos are brought to."""
    sides = list(entry.shape)
    if entry.rank == 2 and size:
        places = [k for k in range(3) if k != channels]
        for place, side in zip(places, size, strict=True):
            sides[place] = side if entry.shape[place] is None else entry.shape[place]
    return sides


def wrap_model(
    model: Any,
    *,
    weights: str | Path | None = None,
    how: str | Callable[..., Any] | None = None,
    size: int | tuple[int, int] | None = None,
) -> WrappedModel:
    """Load a model (a Keras model, a Split, a preset's name or a file) and learn how images enter.

    how: name of a preprocessing, a function, or None to find it out.
    size: (height, width) or one number for both, for models that take any.
    Raises ModelError for a model that is unbuilt, or of another size.
    """
    sides = (size, size) if isinstance(size, int) else size
    if sides is not None and min(sides) < 1:
        raise ModelError(f"the size must be positive; got {sides[0]} × {sides[1]}.")
    if isinstance(model, Split):
        ready = get_preprocessing(how) if how is not None else None
        return WrappedModel(model, None, (), 0, False, sides, False, ready)
    loaded, preset = presets.load(model, weights)
    # in the middle of `fit` on JAX, the variables have no values until they are synchronised
    getattr(loaded, "jax_state_sync", lambda: None)()
    specs, structure, spread = input_specs.specs_of_model(loaded)
    mode = how if how is not None else _preprocessing(loaded, preset)
    wrapped = WrappedModel(
        model=loaded,
        preset=preset,
        inputs=specs,
        structure=structure,
        spread=spread,
        size=sides,
        channels_first=_channels_first(loaded, specs),
        preprocess=None if mode is None else get_preprocessing(mode),
        file=Path(model).name if preset is None and isinstance(model, str | Path) else None,
    )
    return replace(wrapped, size=_input_size(wrapped, sides))


def _preprocessing(model: Any, preset: Preset | None) -> str | Callable[..., Any] | None:
    if preset is None and hasattr(model, "preprocessor"):
        # a classifier of keras-hub, whose pixels depend on its weights, not on its layers
        return keras_hub.hub_preprocessing(model)
    return detect_preprocess.detect_preprocessing(model, preset)


def _channels_first(model: Any, specs: Sequence[InputSpec]) -> bool:
    from seewhy.network.calls import operations

    formats = {getattr(operation, "data_format", None) for operation in operations(model)}
    formats.discard(None)
    if len(formats) == 1:
        return formats == {"channels_first"}
    shapes = [entry.shape for entry in specs if entry.rank == 2]
    return any(shape[0] in (1, 3) and shape[-1] not in (1, 3) for shape in shapes)


def _input_size(wrapped: WrappedModel, sides: tuple[int, int] | None) -> tuple[int, int] | None:
    """The size of photos: the model's own, or the one that is wished."""
    shapes = [entry for entry in wrapped.inputs if entry.rank == 2]
    if not shapes:
        return sides
    entry = shapes[0]
    declared = entry.shape[1:] if wrapped.channels_first else entry.shape[:-1]
    preset = wrapped.preset
    usual = (
        (preset.size, preset.size)
        if preset
        else keras_hub.hub_image_size(wrapped.model) or USUAL_SIZE
    )
    likely = entry.seen or (None, None)
    rows, cols = sides or (None, None)
    size = (
        declared[0] or rows or likely[0] or usual[0],
        declared[1] or cols or likely[1] or usual[1],
    )
    if sides is not None and size != sides:
        raise ModelError(
            f"the model takes images of {declared[0]} × {declared[1]} pixels only; "
            f"got size {rows} × {cols}. Leave the size out, or build the model for that size."
        )
    return size


def _grey(pixels: np.ndarray) -> np.ndarray:
    # the weights of ITU-R BT.601, as in Pillow's conversion to "L"
    weights = np.array([0.299, 0.587, 0.114], "float32")
    grey: np.ndarray = (pixels.astype("float32") @ weights)[..., None]
    return np.rint(grey) if pixels.dtype == np.uint8 else grey


def fingerprint(model: Any) -> str:
    """Of all weights' types, shapes and values."""
    digest = hashlib.sha256()
    for part in _weights(model):
        digest.update(part)
    return digest.hexdigest()


def _weights(model: Any) -> Iterator[bytes]:
    from keras import ops

    # not its variables: states of random generators, as of Dropout, differ from process to process
    variables: Any = getattr(model, "weights", None) or getattr(model, "variables", ())
    for variable in variables:
        array = np.ascontiguousarray(ops.convert_to_numpy(variable))
        yield f"{array.dtype} {array.shape}".encode()
        yield array.tobytes()
