"""Explanations for the page: each model is loaded once, and what was asked last is kept."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from seewhy.app.asked import Asked, Choices, command_line
from seewhy.app.offered_models import flags_of, settings_of
from seewhy.errors import OptionError, SeewhyWarning, TargetError
from seewhy.explainer.explainer import Explainer
from seewhy.methods import registry
from seewhy.methods.reading.option_values import read_values
from seewhy.plan import layer_table
from seewhy.results.explanation import Explanation

KEPT_MODELS, KEPT_WAYS, KEPT_EXPLANATIONS = 3, 8, 12
"""Models in memory, ways to explain with their compiled passes, and explanations."""
LISTED = 5
"""Top classes of a photo that are listed."""
Key = TypeVar("Key")
Value = TypeVar("Value")


class Latest(Generic[Key, Value]):
    """The values that were asked for last, at most so many."""

    def __init__(self, most: int) -> None:
        self.most, self._values = most, OrderedDict[Key, Value]()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Key) -> Value | None:
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: Key, value: Value) -> Value:
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self.most:
            self._values.popitem(last=False)
        return value


class Explaining:
    """Explains photos with the offered models. To be asked by one thread at a time.

    models: presets and files by name. settings: arguments of `Explainer` for all of them.
    """

    def __init__(self, models: Mapping[str, str], settings: Mapping[str, Any]) -> None:
        self.models, self.settings = dict(models), {"top": LISTED, **settings}
        self._loaded: Latest[tuple[str, int | None], Explainer] = Latest(KEPT_MODELS)
        self._ways: Latest[Choices, Explainer] = Latest(KEPT_WAYS)
        self._made: Latest[Any, Explanation] = Latest(KEPT_EXPLANATIONS)
        self._known_layers: dict[str, list[tuple[str, str]]] = {}

    @cached_property
    def methods(self) -> dict[str, registry.Method]:
        """Of which the page offers a choice, by name."""
        return {each.name: each for each in registry.all_methods()}

    def source(self, model: str) -> str:
        """The preset or file of an offered model. Raises OptionError for any other name."""
        if model not in self.models:
            raise OptionError(
                f"no model {model!r} is offered here: choose one of {', '.join(self.models)}."
            )
        return self.models[model]

    def explainer(self, choices: Choices) -> Explainer:
        """The explainer of these choices, loaded and compiled at most once while it is kept."""
        known = self._ways.get(choices)
        if known is not None:
            return known
        if choices.method not in self.methods:
            raise OptionError(f"no method is called {choices.method!r}.")
        changes: dict[str, Any] = {
            "layer": choices.layer,
            "method": choices.method,
            "options": dict(choices.options) or None,
            "scores": choices.scores,
        }
        return self._ways.put(choices, self.model(choices.model, choices.size).having(**changes))

    def model(self, name: str, size: int | None = None) -> Explainer:
        """An explainer of a model with its default choices."""
        known = self._loaded.get((name, size))
        if known is not None:
            return known
        settings = self._settings(name) | ({} if size is None else {"size": size})
        return self._loaded.put((name, size), Explainer(self.source(name), **settings))

    def _settings(self, name: str) -> dict[str, Any]:
        return settings_of(self.source(name), self.settings, len(self.models) > 1)

    def explanation(self, photo: str, choices: Choices, asked: Asked) -> Explanation:
        """Why the model decided as it did. photo: path of a file. Raises SeewhyError."""
        changed = Path(photo).stat().st_mtime_ns if Path(photo).exists() else 0
        key = (photo, changed, choices, asked)
        known = self._made.get(key)
        if known is not None:
            return known
        explainer = self.explainer(choices)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SeewhyWarning)  # the page shows them
            (explanation,) = explainer(photo, target=asked.target)
        return self._made.put(key, explanation)

    def with_options(self, choices: Choices, written: Mapping[str, Any]) -> Choices:
        """The same with options of the method, as somebody wrote them; those that are as they
        always are, are left out. Raises MethodError for values of another type."""
        method = self.methods[choices.method]
        given = {name: value for name, value in written.items() if name in method.options}
        pairs = [(name, value) for name, value in given.items() if value != ""]
        values = read_values(method.name, pairs, method.options)
        changed = {n: v for n, v in values.items() if repr(v) != repr(method.options[n])}
        fixed = {n: tuple(v) if isinstance(v, list) else v for n, v in changed.items()}
        return replace(choices, options=tuple(sorted(fixed.items())))

    def layers(self, model: str) -> list[tuple[str, str]]:
        """Layers that can carry a map, (as they are shown, path), in the order of the network."""
        if model not in self._known_layers:
            loaded = self.model(model).pipeline.wrapped.model
            rows = layer_table.layers(loaded, size=self.settings.get("size"))
            self._known_layers[model] = [(_shown(row), row.path) for row in rows]
        return self._known_layers[model]

    def classes(self, model: str) -> list[tuple[str, int]]:
        """The classes of a model, (as they are shown, index)."""
        try:
            labels = self.model(model).labels
        except TargetError:  # its output is no list of classes
            return []
        return [(f"{labels[k].name} ({k})", k) for k in range(len(labels))]

    def command(self, photo: str, choices: Choices, asked: Asked) -> str:
        """The command that makes the same explanation. photo: as the user knows it."""
        source = self.source(choices.model)
        return command_line(photo, source, choices, asked, flags_of(self._settings(choices.model)))


def _shown(row: layer_table.Layer) -> str:
    grid = " × ".join(map(str, row.grid))
    return f"{row.path}: {grid} cells, {row.units} units{' (default)' if row.default else ''}"
