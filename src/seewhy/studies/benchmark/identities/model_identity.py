"""What a model is beside its weights: its structure, and the code of layers that users wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from seewhy.studies.benchmark.identities.code_parts import is_of_library


def keras_parts() -> Mapping[Any, Callable[[Any], Sequence[Any]]]:
    """By type of Keras, the parts that make up a value."""
    import keras

    idle = (keras.Initializer, keras.Regularizer, keras.optimizers.Optimizer)
    return {
        keras.Layer: _layer_parts,
        idle: lambda _: [],  # the model is built, and not trained
        # values are told with the weights, and those of random generators differ each time
        keras.Variable: lambda variable: [list(variable.shape), str(variable.dtype)],
        keras.random.SeedGenerator: lambda _: [],
        keras.DTypePolicy: lambda policy: [policy.name],
        keras.KerasTensor: lambda tensor: [list(tensor.shape), str(tensor.dtype)],
    }


def _layer_parts(layer: Any) -> Sequence[Any]:
    """A layer or model: its class, its config, its layers, and what it holds of the user's own."""
    parts = [type(layer), _config(layer), list(getattr(layer, "layers", ()))]
    of_library = is_of_library(type(layer).__module__)
    held = vars(layer) | _layers_in_torch(layer)
    own = {name: value for name, value in held.items() if name not in _attributes_of_keras()}
    kept = {name: value for name, value in own.items() if not of_library or _beyond_config(value)}
    return [*parts, *sorted(kept.items(), key=lambda pair: pair[0])]


def _layers_in_torch(layer: Any) -> dict[str, Any]:
    """Layers by attribute, which torch keeps elsewhere than other attributes."""
    import keras

    children = dict(layer.named_children()) if hasattr(layer, "named_children") else {}
    return {name: child for name, child in children.items() if isinstance(child, keras.Layer)}


def _config(layer: Any) -> Any:
    """None where a subclassed model or layer has none."""
    try:
        return _without_seeds(layer.get_config())
    except Exception:  # of the user's own code
        return None


def _without_seeds(config: Any) -> Any:
    """A config without the seeds of Keras's own layers, which differ where none was given."""
    if isinstance(config, list | tuple):
        return [_without_seeds(part) for part in config]
    if not isinstance(config, dict):
        return config
    config = {name: part for name, part in config.items() if not _is_idle(name)}
    inner = config.get("config")
    if str(config.get("module")).startswith("keras") and isinstance(inner, dict):
        config["config"] = {name: part for name, part in inner.items() if name != "seed"}
    return {name: _without_seeds(part) for name, part in config.items()}


def _is_idle(name: object) -> bool:
    return name in NOT_ASKED or str(name).endswith("initializer")


def _beyond_config(value: Any) -> bool:
    """Whether an attribute of Keras's own layer may be code that its config only names."""
    import keras

    parts = list(value.values()) if isinstance(value, dict) else value
    parts = parts if isinstance(parts, list | tuple) else [parts]
    return any(
        isinstance(part, keras.Layer) or (callable(part) and not hasattr(part, "get_config"))
        for part in parts
    )


@cache
def _attributes_of_keras() -> frozenset[str]:
    """The attributes that Keras itself gives to any layer or model, also when it is trained."""
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    plain = (keras.layers.Layer(), keras.Model(), model)
    return frozenset([*LATER, *(name for each in plain for name in vars(each))])


NOT_ASKED = ("compile_config", "build_config", "optimizer")
"""What configs have that no answer of a built model depends on."""
LATER = (
    *("history", "train_function", "test_function", "predict_function", "_functional"),
    *("_eval_epoch_iterator", "_jax_state_synced", "_jax_state"),
    *("stop_evaluating", "stop_predicting"),
)
"""Attributes that models of Keras get when they are used."""
