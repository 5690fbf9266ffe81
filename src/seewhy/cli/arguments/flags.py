"""The flags that commands share, with their words, and the panels of `--help`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from seewhy.cli.arguments import completion

BUNDLED = "efficientnet-lite0"
ASKED, HOW, PICTURES, OUTPUT = (
    "What is asked",
    "How it is explained",
    "Pictures",
    "Output",
)
"""The panels of `--help`, in their order."""
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
        metavar="PHOTOS",
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


class LookChoice(StrEnum):
    clear = "clear"
    tutorial = "tutorial"


class BlendChoice(StrEnum):
    heat = "heat"
    mix = "mix"
    add = "add"


LOOK = {
    "look": (
        LookChoice.clear,
        LookChoice,
        "clear reads on every photo; tutorial is the jet of Keras's Grad-CAM tutorial.",
        "LOOK",
    ),
    "colormap": (
        None,
        str | None,
        "In place of the look's own: jet, or a name that Matplotlib knows.",
        "NAME",
    ),
    "alpha": (None, float | None, "Strength of the map in the overlay, 0 to 1.", "FRACTION"),
    "blend": (
        None,
        BlendChoice | None,
        "How the map is laid over the photo: heat (the hotter, the more of it), mix or add.",
        "HOW",
    ),
    "cells": (False, bool, "Draw the edges of the grid's cells faintly.", None),
}
"""By name of a flag of the look: its default, its type, its help, and what stands for a value."""


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
        help="The picture to write (.jpg, .png, .webp, .svg, .pdf), or the folder for it.",
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
Record = Annotated[
    bool,
    typer.Option(
        "--record/--no-record",
        help="Write into the files all that is needed to make them again (see [cyan]seewhy "
        "reproduce[/cyan]), with the photo's name.",
        rich_help_panel=OUTPUT,
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
Backend = Annotated[
    str | None,
    typer.Option(
        help="What Keras runs on: tensorflow, jax, torch, numpy or openvino; as KERAS_BACKEND "
        "says, if not given.",
        autocompletion=completion.backends,
        metavar="NAME",
        rich_help_panel=HOW,
    ),
]
