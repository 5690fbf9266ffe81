"""How `--help` looks: panels, text that fills the width, and no types of Python."""

from __future__ import annotations

import inspect
from typing import Any

from typer.core import TyperCommand, TyperGroup

from seewhy.cli.arguments.flags import OUTPUT


class Command(TyperCommand):
    """A command whose help is for people."""

    def __init__(self, *arguments: Any, **about: Any) -> None:
        super().__init__(*arguments, **about)
        self.help = filled(self.help)

    def get_params(self, ctx: Any) -> list[Any]:
        parameters = for_people(super().get_params(ctx))
        for each in parameters:
            if each.name == "help" and not getattr(each, "rich_help_panel", None):
                each.rich_help_panel = OUTPUT
        return parameters


class Group(TyperGroup):
    """The same for the command that holds all others."""

    def get_params(self, ctx: Any) -> list[Any]:
        return for_people(super().get_params(ctx))


def filled(text: str | None) -> str:
    """A docstring with each paragraph on one line, for the terminal to break."""
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def for_people(parameters: list[Any]) -> list[Any]:
    """The parameters of a command, which say nothing of types where they take no value."""
    for each in parameters:
        if getattr(each, "is_flag", False) and each.metavar is None:
            each.metavar = ""
        if each.param_type_name == "argument" and hasattr(each, "display_type_rich"):
            # its metavar stands in front already
            each.display_type_rich = _nothing
        if each.name == "help":
            each.help = "Show this text."
    return parameters


def _nothing(ctx: Any) -> str:  # noqa: ARG001  (Typer gives it)
    return ""
