"""The flags of `ExplainerOptions`, made of its fields, and of the look of pictures."""

from __future__ import annotations

import difflib
import functools
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.backend import BACKENDS, WITHOUT_GRADIENTS
from seewhy.cli.arguments import completion, grammar
from seewhy.cli.arguments.flags import ASKED, HOW, LOOK, PICTURES, Backend
from seewhy.errors import BackendError
from seewhy.explainer.option_fields import Flag
from seewhy.explainer.options import FIELDS, ExplainerOptions

if TYPE_CHECKING:
    from seewhy.render.looks import Look

Command = Callable[..., None]
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
    "compile": (HOW, "COMPILER"),
    "range": (HOW, "RANGE"),
    "weights": (ASKED, "FILE"),
    "top": (ASKED, "COUNT"),
    "batch_size": (HOW, "COUNT"),
}
"""By name of an option: its panel of the help, and what stands for its value."""
_COMPLETIONS: dict[str, Callable[..., Any]] = {
    "method": completion.methods,
    "layer": completion.layers,
}
_FIRST = ("labels", "method", "options", "layer")
"""Those that stand in front of the others."""
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
    command says something else. The flags stand where the command has its parameter `settings`,
    and with them `--backend`. Where it has a parameter `look`, flags of the look stand, of which
    it gets a `Look`.
    old: flags of earlier versions that still work and are not shown, with the parameters whose
    values they give.
    """
    known = tuple(each.name for each in FIELDS)
    fields = [each for each in FIELDS if each.metadata["flag"] and each.name in (names or known)]
    fields.sort(key=lambda each: _FIRST.index(each.name) if each.name in _FIRST else len(_FIRST))

    def decorate(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True).parameters
        chosen = fields if "settings" in own else []
        parameters = []
        for parameter in own.values():
            if parameter.name == "settings":
                parameters += [_parameter(each, help or {}, default or {}) for each in chosen]
                parameters.append(_keyword("backend", None, Backend))
            elif parameter.name == "look":
                parameters += [_look_parameter(name) for name in LOOK]
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
            if "look" in own:
                values["look"] = _chosen_look({name: values.pop(name) for name in LOOK})
            command(**values)

        shown = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
        run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in shown}
        return run

    return decorate


def use_backend(name: str | None) -> None:
    """Let Keras run on this backend; None leaves it as it is.

    Raises BackendError for one that Keras does not have, and if Keras runs on another one already;
    whether it is installed is told when it is loaded.
    """
    if name is None:
        return
    known = (*BACKENDS, *WITHOUT_GRADIENTS)
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise BackendError(f"--backend takes one of {', '.join(known)}; got {name!r}.{hint}")
    keras = sys.modules.get("keras")
    running = keras.backend.backend() if keras is not None else name
    if running != name:
        raise BackendError(f"Keras runs on {running!r} already, and cannot change to {name!r}.")
    os.environ["KERAS_BACKEND"] = name


def _look_parameter(name: str) -> inspect.Parameter:
    default, kind, help, metavar = LOOK[name]
    flag: list[str] = [f"--{name}"] if kind is bool else []
    about = typer.Option(*flag, help=help, metavar=metavar, rich_help_panel=PICTURES)
    return _keyword(name, default, Annotated[kind, about])


def _chosen_look(flags: Mapping[str, Any]) -> Look:
    """The look that flags choose. Raises OptionError for values that are not allowed."""
    from seewhy.render.looks import choose_look

    said = {name: getattr(value, "value", value) for name, value in flags.items()}
    return choose_look(said.pop("look"), **said)


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
    if not all(word in text for word in words):
        text = f"{text.rstrip('.')} ({_listed(words)})."
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
