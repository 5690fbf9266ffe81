"""The choices of an explainer, each with its default, its check and a line that describes it.

Signatures, docstrings and flags are made of these fields; nothing heavy is imported for them.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seewhy import checks
from seewhy.checks import (
    FITS,
    FUSIONS,
    SCORES,
    UPSAMPLINGS,
    Compiler,
    Fit,
    Fusion,
    Scores,
    Upsampling,
)
from seewhy.errors import OptionError
from seewhy.explainer.option_fields import Flag, option

if TYPE_CHECKING:
    from seewhy.methods.registry import MethodLike
    from seewhy.targets.labels import Labels

FIXED = ("preprocess", "size", "weights")
"""What belongs to the loaded model, so that an explainer of the same model cannot change it."""


def index_or_text(text: str | None) -> str | int | None:
    """An index where the text is one: "-1" means the last layer."""
    number = checks.whole_number(text or "")
    return text if number is None else number


def _layers(texts: Sequence[str]) -> Any:
    """One layer, several to be fused, or None for the default."""
    layers = [index_or_text(text) for text in texts]
    return layers if len(layers) > 1 else (layers[0] if layers else None)


@dataclass(frozen=True)
class ExplainerOptions:
    """All choices of an explainer beside its model; checked when they are made.

    Raises OptionError for values that are not allowed.
    """

    layer: Any = option(
        None,
        'name, path, call ("conv#2"), index among the layers with a grid (-1 is the last) or the '
        "layer object; a list of them is fused. None takes the last one with a spatial grid in "
        "front of the classifier head (`seewhy.layers(model)` says which).",
        flag=Flag(
            "Target layer (see [cyan]seewhy layers[/cyan]): name, path or index such as -1; "
            "the last with space, if not given. Several, repeated or with commas, are fused.",
            repeated=True,
            read=_layers,
        ),
        check=checks.layers,
    )
    method: MethodLike = option(
        "grad-cam",
        'a method\'s name in any spelling, also with its options, as "rise:masks=300" or '
        '("rise", {"masks": 300}), or a function (activations, gradients) → maps.',
        flag=Flag("How to explain ([cyan]seewhy methods[/cyan]), also as rise:masks=500."),
        check=checks.method,
    )
    options: Mapping[str, Any] | None = option(
        None,
        'the method\'s own, such as {"steps": 100} (`seewhy methods NAME` lists them).',
        flag=Flag(
            "Option of the method as NAME=VALUE, such as steps=100. Repeatable.",
            name="option",
            repeated=True,
        ),
        check=checks.options_by_name,
    )
    fuse: Fusion = option(
        "mean",
        '"mean", "max", "product" or "geometric" (mean) of the maps of several layers or sizes.',
        flag=Flag("How the maps of several layers or sizes become one."),
        words=FUSIONS,
    )
    enhance: Any = option(
        (),
        'one or several of "flips" (test-time augmentation), "noise" (the mean over noisy '
        'copies), "scales" (windows of the enlarged photo, as SESS), with options as in '
        '"noise:samples=16", or records of `seewhy.enhance`; and "eigen", the first principal '
        "component of what units add in place of their sum.",
        flag=Flag(
            "flips, noise, scales (also noise:samples=16) or eigen: steadier or finer maps. "
            "Repeatable.",
            repeated=True,
        ),
        check=checks.words_or_records,
    )
    upsampling: Upsampling = option(
        "linear",
        '"linear", or "guided" to follow the photo\'s edges.',
        flag=Flag("How maps are enlarged; guided follows the photo's edges."),
        words=UPSAMPLINGS,
    )
    grid: tuple[int, ...] | None = option(
        None,
        "(rows, cols) of the tokens, for transformers where it cannot be found.",
        flag=Flag("Rows and columns of a transformer's tokens.", type=tuple[int, int]),
        check=checks.grid,
    )
    output: str | int | None = option(
        None,
        "name or index of the output that is asked, for models with several.",
        flag=Flag(
            "Output that is asked, for models with several.",
            name="model-output",
            read=index_or_text,
        ),
        check=checks.index_name_or_none,
    )
    scores: Scores = option(
        "logits",
        '"logits" (also behind a closing softmax or sigmoid) or "probabilities".',
        flag=Flag("What is differentiated for the target class."),
        words=SCORES,
    )
    size: int | tuple[int, int] | None = option(
        None,
        "side of the network's input in pixels, for models that take any.",
        flag=Flag("Side of the network's input in pixels.", type=int, least=1),
        check=checks.side_or_sides,
    )
    sizes: Sequence[int | tuple[int, int]] | None = option(
        None,
        "several input sizes, whose maps are rectified and fused into one, for models that take "
        "any; the first is that of the predictions.",
        flag=Flag(
            "Several sides of the network's input, as in 224,384: their maps are fused.",
            type=str,
            read=checks.read_sizes,
        ),
        check=checks.check_sizes,
    )
    sharpen: float = option(
        1.0,
        "power to which the rectified map is raised: above 1, less heat lies around the hottest.",
        flag=Flag("Power to which the map is raised, from 1 on.", type=float),
        check=checks.check_power,
    )
    fit: Fit = option(
        "squash",
        '"squash", "crop" or "letterbox", how photos of another shape are brought to that size.',
        flag=Flag("How a photo is brought to the network's shape."),
        words=FITS,
    )
    labels: Labels | Sequence[str] | str | Path | None = option(
        None,
        "names of the classes: a list, a file, or None for ImageNet's where the model is known to "
        "have them.",
        flag=Flag("Names of the model's classes: .txt, .csv or .json.", type=Path),
        check=checks.names_path_or_none,
    )
    preprocess: str | Callable[..., Any] | None = option(
        None,
        "how the model wants its pixels: a mode or preset's name, or a function from float32 RGB "
        "0..255 (batch, height, width, 3); None finds it out where that is certain.",
        flag=Flag("How the model wants its pixels: none, unit, tf, torch, caffe, lite."),
        check=checks.name_function_or_none,
    )
    range: checks.Range | tuple[float, float] | None = option(
        None,
        "(black, white) in the numbers of photos of more than 8 bits, as they were taken in "
        'training, such as (0, 4095); "data" for each photo\'s own lowest and highest, "dtype" for '
        "all that the type holds. None is that, with a warning.",
        flag=Flag(
            "Black and white in photos of more than 8 bits: two numbers such as 0,4095, or data, "
            "or dtype.",
            type=str,
            read=checks.read_range,
        ),
        check=checks.check_range,
    )
    prepared: bool | None = option(
        None,
        "whether float arrays are preprocessed already; if False they are photos, 0..255 or as "
        "range says. None takes them as preprocessed, but where preprocess is given as pixels "
        "0..255, and refuses those that cannot be.",
        flag=None,
        check=checks.boolean_or_none,
    )
    weights: str | Path | None = option(
        None,
        "file of weights for a preset.",
        flag=Flag("Weights for a preset: .keras, .weights.h5 or .h5.", type=Path),
        check=checks.path_or_none,
    )
    top: int = option(
        3,
        "how many classes an explanation lists.",
        flag=Flag("How many classes to list.", type=int, least=1),
        check=checks.count,
    )
    batch_size: int = option(
        8,
        "how many images go through the network at once.",
        flag=Flag("Photos that go through the network at once.", "batch-size", int, 1),
        check=checks.count,
    )
    compile: Compiler | None = option(
        None,
        '"inductor" compiles passes on torch, for many images of one size: seconds at the first '
        "call, then several times faster on a GPU. None replays what was recorded of a pass.",
        flag=Flag("inductor: compile passes on torch, which pays for many photos."),
        check=checks.compiler_or_none,
    )
    bands: Sequence[int] | None = option(
        None,
        "three channels shown as red, green and blue, for images of other than 1 or 3 channels.",
        flag=None,
        check=checks.channels_or_none,
    )

    def __post_init__(self) -> None:
        if self.size is not None and self.sizes:
            raise OptionError("size and sizes are both given: the first of sizes is the size.")
        for each in FIELDS:
            if each.metadata["check"] is not None:
                each.metadata["check"](each.name, getattr(self, each.name))

    def as_dict(self) -> dict[str, Any]:
        """The values by name, as they were given."""
        return {each.name: getattr(self, each.name) for each in FIELDS}

    def changed(self, changes: Mapping[str, Any]) -> ExplainerOptions:
        """The same with other values, for the same model.

        Raises OptionError for unknown names, and for what belongs to the loaded model.
        """
        names = [each.name for each in FIELDS]
        refused = [name for name in changes if name in FIXED or name not in names]
        if refused:
            free = ", ".join(name for name in names if name not in FIXED)
            raise OptionError(f"{refused[0]!r} cannot be changed here: what can is {free}.")
        return dataclasses.replace(self, **changes)


FIELDS = dataclasses.fields(ExplainerOptions)


def read_options(options: Mapping[str, Any], caller: str) -> ExplainerOptions:
    """Options from keyword arguments. Raises TypeError for unknown ones, with the nearest."""
    names = [each.name for each in FIELDS]
    unknown = [name for name in options if name not in names]
    if unknown:
        near = difflib.get_close_matches(unknown[0], names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(names)}."
        if unknown[0] in ("target", "targets"):
            hint = " What is asked belongs to the call: explainer(photo, target=…)."
        raise TypeError(f"{caller} got an unexpected keyword argument {unknown[0]!r}.{hint}")
    return ExplainerOptions(**options)
