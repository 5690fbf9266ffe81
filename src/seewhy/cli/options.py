"""Flags that commands share: those of `ExplainerOptions`, made of its fields, and a few more."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from seewhy.cli import completion, grammar
from seewhy.errors import BackendError
from seewhy.explainer.option_fields import Flag
from seewhy.explainer.options import FIELDS, ExplainerOptions

BUNDLED = "efficientnet-lite0"
ASKED, HOW, PICTURES, OUTPUT = (
    "What is asked",
    "How it is explained",
    "Pictures",
    "Output",
)
"""The panels of `--help`, in their order."""
Command = Callable[..., None]

Model = Annotated[
    str,
    typer.Option(
        help="A preset (see [cyan]seewhy models[/cyan]) or a .keras file.",
        autocompletion=completion.models,
        metavar="MODEL",
        rich_help_panel=ASKED,
    ),
]
Photos = Annotated[
    list[str],
    typer.Argument(
        help="Photos; folders, searched with all folders in them; quoted patterns such as "
        "'scans/**/*.png'; @list.txt for a file with one path a line (@- for the standard input).",
        show_default=False,
        metavar="PHOTOS...",
    ),
]
Targets = Annotated[
    list[str],
    typer.Option(
        "--target",
        help="Class to explain: index, WordNet id, name, or a word such as dog; "
        "[cyan]top[/cyan], or [cyan]all-top[/cyan] for each of the top classes. Several: "
        "repeated, or with commas.",
        autocompletion=completion.targets,
        metavar="CLASS",
        rich_help_panel=ASKED,
        show_default=False,
    ),
]
OneTarget = Annotated[
    list[str],
    typer.Option(
        "--target",
        help="What is asked of all photos: a class, or [cyan]top[/cyan], each photo's top class, "
        "if not given.",
        autocompletion=completion.targets,
        metavar="CLASS",
        rich_help_panel=ASKED,
        show_default=False,
    ),
]
Methods = Annotated[
    list[str],
    typer.Option(
        "--method",
        help="Methods (see [cyan]seewhy methods[/cyan]), repeated or with commas; options behind "
        "colons, as in rise:masks=500:seed=1.",
        autocompletion=completion.methods,
        metavar="NAME",
        rich_help_panel=HOW,
        show_default=False,
    ),
]
Layers = Annotated[
    list[str],
    typer.Option(
        "--layer",
        help="Layers side by side (see [cyan]seewhy layers[/cyan]), repeated or with commas.",
        autocompletion=completion.layers,
        metavar="NAME",
        rich_help_panel=HOW,
        show_default=False,
    ),
]


class TrueClasses(StrEnum):
    folder = "folder"


LabelsFrom = Annotated[
    TrueClasses | None,
    typer.Option(
        "--labels-from",
        help="folder: the folder that a photo lies in names its true class, by index, WordNet id "
        "or name.",
        metavar="folder",
        rich_help_panel=ASKED,
    ),
]
Output = Annotated[
    Path,
    typer.Option(
        help="Folder for all files that are written.", metavar="FOLDER", rich_help_panel=OUTPUT
    ),
]
PictureOrFolder = Annotated[
    Path,
    typer.Option(
        help="The picture to write (.jpg, .png, .webp), or the folder for it.",
        metavar="PATH",
        rich_help_panel=OUTPUT,
    ),
]
FullSize = Annotated[
    bool,
    typer.Option(
        "--full-size",
        help="Draw photos of over 4096 pixels a side whole.",
        rich_help_panel=PICTURES,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print the results as JSON.", rich_help_panel=OUTPUT)
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help="Print nothing but problems and the last line.",
        rich_help_panel=OUTPUT,
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Print all of each photo, also of many.", rich_help_panel=OUTPUT
    ),
]
_Backend = Annotated[
    str | None,
    typer.Option(
        help="What Keras runs on: tensorflow, jax, torch, numpy or openvino; as KERAS_BACKEND "
        "says, if not given.",
        autocompletion=completion.backends,
        metavar="NAME",
        rich_help_panel=HOW,
    ),
]
_SHOWN = {
    "layer": (HOW, "NAME"),
    "method": (HOW, "NAME"),
    "options": (HOW, "NAME=VALUE"),
    "fuse": (HOW, "HOW"),
    "enhance": (HOW, "NAME"),
    "upsampling": (HOW, "HOW"),
    "grid": (HOW, "ROWS COLS"),
    "output": (ASKED, "NAME"),
    "scores": (HOW, "WHAT"),
    "size": (HOW, "PIXELS"),
    "sizes": (HOW, "LIST"),
    "sharpen": (HOW, "POWER"),
    "fit": (HOW, "HOW"),
    "labels": (ASKED, "FILE"),
    "preprocess": (HOW, "HOW"),
    "range": (HOW, "RANGE"),
    "weights": (ASKED, "FILE"),
    "top": (ASKED, "COUNT"),
    "batch_size": (HOW, "COUNT"),
}
"""By name of an option: its panel of the help, and what stands for its value."""
_COMPLETIONS: dict[str, Callable[..., Any]] = {"method": completion.methods, "layer": completion.layers}
_LISTS = ("method",)
"""Options of one value that are read as lists, so that several are refused with a reason."""


def takes_options(
    *names: str,
    help: Mapping[str, str] | None = None,
    default: Mapping[str, Any] | None = None,
    old: Mapping[str, str] | None = None,
) -> Callable[[Command], Command]:
    """Give a command flags of `ExplainerOptions`, and hand it their values as `settings`.

    names: of the fields; all that have a flag if none is named. help, default: by name, where the
    command says something else. The flags stand where the command has its parameter `settings`;
    without that there are none. Every command also gets `--backend`.
    old: flags of earlier versions that still work and are not shown, with the parameters whose
    values they give.
    """
    known = tuple(each.name for each in FIELDS)
    fields = [each for each in FIELDS if each.metadata["flag"] and each.name in (names or known)]

    def decorate(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True).parameters
        chosen = fields if "settings" in own else []
        parameters = []
        for parameter in own.values():
            if parameter.name == "settings":
                parameters += [_parameter(each, help or {}, default or {}) for each in chosen]
                parameters.append(_keyword("backend", None, _Backend))
            else:
                parameters.append(parameter)
        hidden = {f"old_{name}": name for name in (old or {}).values()}
        parameters += [_hidden(flag, name, own[name]) for flag, name in (old or {}).items()]

        @functools.wraps(command)
        def run(**values: Any) -> None:
            use_backend(values.pop("backend", None))
            for earlier, name in hidden.items():
                values[name] = _joined(values[name], values.pop(earlier))
            if "settings" in own:
                flags = {each.name: values.pop(_parameter_name(each)) for each in chosen}
                values["settings"] = _settings(chosen, flags)
            command(**values)

        shown = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
        run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in shown}
        return run

    return decorate


def use_backend(name: str | None) -> None:
    """Let Keras run on this backend; None leaves it as it is.

    Raises BackendError if Keras runs on another one already; whether it is known and installed
    is told when it is loaded.
    """
    if name is None:
        return
    keras = sys.modules.get("keras")
    running = keras.backend.backend() if keras is not None else name
    if running != name:
        raise BackendError(f"Keras runs on {running!r} already, and cannot change to {name!r}.")
    os.environ["KERAS_BACKEND"] = name


def _keyword(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def _hidden(flag: str, name: str, parameter: inspect.Parameter) -> inspect.Parameter:
    """The parameter of a flag that is not shown: of the same values, none given by itself."""
    several = isinstance(parameter.default, list)
    kind = list[str] if several else (Path | None)
    about = typer.Option(flag, hidden=True)
    return _keyword(f"old_{name}", [] if several else None, Annotated[kind, about])


def _joined(value: Any, earlier: Any) -> Any:
    if isinstance(value, list):
        return [*value, *earlier]
    return value if earlier is None else earlier


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
    if option.name in _LISTS:
        value, kind = [value], list[str]
    elif flag.repeated:
        value = list(value or [])
        kind = list[kind]
    elif value is None:
        kind = kind | None
    text = help.get(option.name) or flag.help or option.metadata["doc"]
    if words:
        text = f"{text.rstrip('.')}: {_listed(words)}."
    panel, metavar = _SHOWN.get(option.name, (HOW, None))
    about = typer.Option(
        help=text,
        min=flag.least,
        rich_help_panel=panel,
        metavar=metavar,
        autocompletion=_COMPLETIONS.get(option.name),
    )
    return _keyword(_parameter_name(option), value, Annotated[kind, about])


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _choice_of(words: Sequence[str]) -> Any:
    """A type of which Typer takes and lists these words only."""
    make: Any = StrEnum  # called as a function, which mypy knows with literals only
    return make("Word", {word: word for word in words})


def _settings(fields: Sequence[Field[Any]], flags: Mapping[str, Any]) -> dict[str, Any]:
    """Values of flags as arguments of `Explainer`, checked. Imports no Keras.

    Raises OptionError and MethodError for values that are not allowed.
    """
    settings: dict[str, Any] = {}
    for each in fields:
        value = flags[each.name]
        value = value.value if isinstance(value, StrEnum) else value
        if each.name in ("layer", "enhance"):
            value = grammar.split_list(value)
        read = each.metadata["flag"].read
        settings[each.name] = value if read is None else read(value)
    if "method" in settings:
        method, options = grammar.method_with_options(
            settings["method"], settings.get("options") or []
        )
        settings["method"] = method
        settings["options"] = options
    ExplainerOptions(**{name: value for name, value in settings.items() if value is not None})
    return settings
