"""Flags that commands share: those of `ExplainerOptions`, made of its fields, and a few more."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from seewhy.explainer.option_fields import Flag
from seewhy.explainer.options import FIELDS

BUNDLED = "efficientnet-lite0"
Command = Callable[..., None]


def _preset_names(incomplete: str) -> list[str]:
    from seewhy.models import presets

    names = [preset.name for preset in presets.presets()]
    return [name for name in names if name.startswith(incomplete.lower())]


Model = Annotated[
    str,
    typer.Option(
        help="A preset (see [cyan]seewhy models[/cyan]) or a .keras file.",
        autocompletion=_preset_names,
    ),
]
Photos = Annotated[list[str], typer.Argument(help="Photos to explain.", show_default=False)]
PhotosAndFolders = Annotated[
    list[str], typer.Argument(help="Photos, or folders of photos.", show_default=False)
]
Output = Annotated[Path, typer.Option(help="Folder for the pictures.")]
FullSize = Annotated[
    bool,
    typer.Option("--full-size", help="Draw photos of over 4096 pixels a side whole."),
]


class LookChoice(StrEnum):
    clear = "clear"
    tutorial = "tutorial"


class BlendChoice(StrEnum):
    heat = "heat"
    mix = "mix"
    add = "add"


LookFlag = Annotated[
    LookChoice,
    typer.Option(
        help="clear reads on every photo; tutorial is the jet of Keras's Grad-CAM tutorial."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]
Layers = Annotated[
    str | None,
    typer.Option(help="Layers, separated by commas (see [cyan]seewhy layers[/cyan])."),
]


def takes_options(
    *names: str,
    help: Mapping[str, str] | None = None,
    default: Mapping[str, Any] | None = None,
) -> Callable[[Command], Command]:
    """Give a command flags of `ExplainerOptions`, and hand it their values as `settings`.

    names: of the fields; all that have a flag if none is named. help, default: by name, where the
    command says something else. The flags stand where the command has its parameter `settings`.
    """
    fields = [each for each in FIELDS if each.metadata["flag"] and each.name in (names or _ALL)]

    def decorate(command: Command) -> Command:
        parameters = []
        for parameter in inspect.signature(command, eval_str=True).parameters.values():
            if parameter.name == "settings":
                parameters += [_parameter(each, help or {}, default or {}) for each in fields]
            else:
                parameters.append(parameter)

        @functools.wraps(command)
        def run(**values: Any) -> None:
            flags = {each.name: values.pop(_parameter_name(each)) for each in fields}
            command(**values, settings=_settings(fields, flags))

        keyword = inspect.Parameter.KEYWORD_ONLY
        shown = [each.replace(kind=keyword) for each in parameters]
        run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in shown}
        return run

    return decorate


_ALL = tuple(each.name for each in FIELDS)


def _parameter_name(option: Field[Any]) -> str:
    flag: Flag = option.metadata["flag"]
    return flag.name.replace("-", "_") or option.name


def _parameter(
    option: Field[Any], help: Mapping[str, str], default: Mapping[str, Any]
) -> inspect.Parameter:
    """The parameter of a command for one option, as Typer takes it."""
    flag: Flag = option.metadata["flag"]
    value = default.get(option.name, option.default)
    words = option.metadata["words"]
    plain = type(option.default) if isinstance(option.default, bool | int | float) else str
    kind: Any = _choice_of(words) if words else flag.type or plain
    if flag.repeated:
        value = list(value or [])
        kind = list[kind]
    elif value is None:
        kind = kind | None
    text = help.get(option.name) or flag.help or option.metadata["doc"]
    about = typer.Option(help=text, min=flag.least)
    return inspect.Parameter(
        _parameter_name(option),
        inspect.Parameter.KEYWORD_ONLY,
        default=value,
        annotation=Annotated[kind, about],
    )


def _choice_of(words: Sequence[str]) -> Any:
    """A type of which Typer takes and lists these words only."""
    make: Any = StrEnum  # called as a function, which mypy knows with literals only
    return make("Word", {word: word for word in words})


def _settings(fields: Sequence[Field[Any]], flags: Mapping[str, Any]) -> dict[str, Any]:
    """Values of flags as arguments of `Explainer`."""
    settings: dict[str, Any] = {}
    for each in fields:
        value = flags[each.name]
        value = value.value if isinstance(value, StrEnum) else value
        read = each.metadata["flag"].read
        settings[each.name] = value if read is None else read(value)
    if "options" in settings:
        settings["options"] = method_options(settings["method"], settings["options"])
    return settings


def split_at_commas(text: str | None) -> list[str]:
    """The parts of a list as people type it."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def method_options(method: str, texts: Sequence[str]) -> dict[str, Any]:
    """Options of a method from NAME=VALUE, of the types of their defaults.

    Raises MethodError for what has no "=", is unknown, or is of another type.
    """
    from seewhy.methods import registry

    return registry.read_method(method, texts)[1]
