"""The command `seewhy` with its subcommands; what they do is imported when it is needed."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from seewhy._version import __version__
from seewhy.cli import benchmark as benchmark_module
from seewhy.cli import compare as compare_module
from seewhy.cli import concepts as concepts_module
from seewhy.cli import debug as debug_module
from seewhy.cli import diff as diff_module
from seewhy.cli import evaluate as evaluate_module
from seewhy.cli import lists
from seewhy.cli import locate as locate_module
from seewhy.cli.benchmark import benchmark
from seewhy.cli.compare import compare
from seewhy.cli.concepts import concepts
from seewhy.cli.debug import debug
from seewhy.cli.diff import diff
from seewhy.cli.evaluate import evaluate
from seewhy.cli.locate import locate
from seewhy.errors import SeewhyError

BUNDLED = "efficientnet-lite0"

app = typer.Typer(
    name="seewhy",
    help="See why a network decided: heatmaps over photos, for Keras 3 models.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


class Scores(StrEnum):
    logits = "logits"
    probabilities = "probabilities"


class Fit(StrEnum):
    squash = "squash"
    crop = "crop"
    letterbox = "letterbox"


class Blend(StrEnum):
    add = "add"
    mix = "mix"


class Fuse(StrEnum):
    mean = "mean"
    max = "max"
    product = "product"


class Upsampling(StrEnum):
    linear = "linear"
    guided = "guided"


class Format(StrEnum):
    jpg = "jpg"
    png = "png"


def _model_names(incomplete: str) -> list[str]:
    from seewhy.models import presets

    names = [preset.name for preset in presets.presets()]
    return [name for name in names if name.startswith(incomplete.lower())]


EXAMPLES = """
[bold]Examples[/bold]

  seewhy explain cat.jpg
  seewhy explain pets.jpg --target dog --target cat
  seewhy explain dalmatian.jpg --model vgg16 --target dalmatian --layer block5_conv3
  seewhy explain scans/*.png --model my.keras --labels names.txt --preprocess unit --output out
  seewhy explain photo.jpg --target all-top --top 5 --json > why.json
  seewhy explain husky.jpg --why "Siberian husky" --rather-than "Alaskan malamute"
"""

Photos = Annotated[list[str], typer.Argument(help="Photos to explain.", show_default=False)]
Model = Annotated[
    str,
    typer.Option(
        help="A preset (see [cyan]seewhy models[/cyan]) or a .keras file.",
        autocompletion=_model_names,
    ),
]
Target = Annotated[
    list[str],
    typer.Option(
        help="Class to explain: index, WordNet id, name, or a word such as dog; "
        "[cyan]top[/cyan], or [cyan]all-top[/cyan] for each of the top classes. Repeatable.",
    ),
]
Output = Annotated[Path, typer.Option(help="Folder for the pictures.")]


@app.command(epilog=EXAMPLES)
def explain(  # noqa: PLR0913  (one parameter a flag)
    photos: Photos,
    model: Model = BUNDLED,
    target: Target = [],  # noqa: B006  (Typer copies it)
    why: Annotated[
        str | None, typer.Option(help="Same as --target; with --rather-than, against that class.")
    ] = None,
    rather_than: Annotated[
        str | None, typer.Option(help="Class to compare with: what speaks for --why, not for it.")
    ] = None,
    against: Annotated[str | None, typer.Option(help="Class to show the evidence against.")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes to list.")] = 3,
    method: Annotated[
        str, typer.Option(help="How to explain (see [cyan]seewhy methods[/cyan]).")
    ] = "grad-cam",
    option: Annotated[
        list[str],
        typer.Option(help="Option of the method as NAME=VALUE, such as steps=100. Repeatable."),
    ] = [],  # noqa: B006
    layer: Annotated[
        list[str],
        typer.Option(
            help="Target layer (see [cyan]seewhy layers[/cyan]): name, path or index such as -1; "
            "the last with space, if not given. Repeated, the layers' maps are fused.",
        ),
    ] = [],  # noqa: B006
    fuse: Annotated[
        Fuse, typer.Option(help="How the maps of several layers become one.")
    ] = Fuse.mean,
    enhance: Annotated[
        list[str],
        typer.Option(
            help="flips, noise, scales (also noise:samples=16) or eigen: steadier or finer maps. "
            "Repeatable."
        ),
    ] = [],  # noqa: B006
    upsampling: Annotated[
        Upsampling, typer.Option(help="How maps are enlarged; guided follows the photo's edges.")
    ] = Upsampling.linear,
    grid: Annotated[
        tuple[int, int] | None, typer.Option(help="Rows and columns of a transformer's tokens.")
    ] = None,
    model_output: Annotated[
        str | None, typer.Option(help="Output that is asked, for models with several.")
    ] = None,
    common_scale: Annotated[
        bool,
        typer.Option("--common-scale", help="Draw all maps of a photo on one scale."),
    ] = False,
    scores: Annotated[
        Scores, typer.Option(help="What is differentiated for the target class.")
    ] = Scores.logits,
    size: Annotated[
        int | None, typer.Option(min=1, help="Side of the network's input in pixels.")
    ] = None,
    fit: Annotated[
        Fit, typer.Option(help="How a photo is brought to the network's shape.")
    ] = Fit.squash,
    blend: Annotated[Blend, typer.Option(help="How the map is laid over the photo.")] = Blend.add,
    alpha: Annotated[
        float, typer.Option(min=0, max=1, help="Strength of the map in the overlay.")
    ] = 0.4,
    colormap: Annotated[
        str, typer.Option(help="OpenCV's jet, or a name that Matplotlib knows.")
    ] = "jet",
    output: Output = Path(),
    format: Annotated[Format, typer.Option(help="Format of the pictures.")] = Format.jpg,
    labels: Annotated[
        Path | None, typer.Option(help="Names of the model's classes: .txt, .csv or .json.")
    ] = None,
    preprocess: Annotated[
        str | None,
        typer.Option(help="How the model wants its pixels: none, unit, tf, torch, caffe, lite."),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Weights for a preset: .keras, .weights.h5 or .h5.")
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Check whether each map can be trusted, and say why.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Show which parts of each photo made the network decide as it did.

    For each photo it prints the top classes and writes NAME_heatmap and NAME_gradcam, the map
    alone and over the photo, at the photo's own size.
    """
    from seewhy.cli.explain import asked, run
    from seewhy.cli.lists import options
    from seewhy.cli.picture_files import Drawing

    drawing = Drawing(blend.value, alpha, colormap, output, format.value, common_scale)
    settings = {
        "model": model,
        "layer": _layers(layer),
        "fuse": fuse.value,
        "enhance": enhance,
        "upsampling": upsampling.value,
        "grid": grid,
        "output": _number(model_output),
        "method": method,
        "options": options(method, option),
        "preprocess": preprocess,
        "labels": labels,
        "scores": scores.value,
        "size": size,
        "fit": fit.value,
        "weights": weights,
        "top": top,
    }
    questions = asked(target, why, rather_than, against)
    raise typer.Exit(run(photos, questions, settings, drawing, as_json=json, trust=trust))


@app.command()
def demo(output: Output = Path()) -> None:
    """Explain the bundled photo of a cat with the bundled network."""
    from seewhy.cli.explain import run
    from seewhy.cli.picture_files import Drawing
    from seewhy.targets.labels import DATA

    drawing = Drawing(output=output)
    photo = str(DATA / "chelsea.png")
    raise typer.Exit(run([photo], ["top"], {"model": BUNDLED}, drawing, as_json=False))


@app.command()
def models(
    json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the models that are known by name."""
    from seewhy.cli.explain import list_models

    list_models(as_json=json)


@app.command()
def layers(
    model: Annotated[str, typer.Argument(help="A preset or a .keras file.")] = BUNDLED,
    size: Annotated[
        int | None, typer.Option(min=1, help="Side of the network's input in pixels.")
    ] = None,
    grid: Annotated[
        tuple[int, int] | None, typer.Option(help="Rows and columns of a transformer's tokens.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the layers of a model that can carry a map, as a tree.

    Path, grid, units, and the share of the work that lies behind each; the default is marked.
    """
    from seewhy.cli.explain import list_layers

    list_layers(model, size, grid, as_json=json)


app.command(epilog=benchmark_module.EXAMPLES)(benchmark)


app.command(epilog=compare_module.EXAMPLES)(compare)


app.command(epilog=concepts_module.EXAMPLES)(concepts)


app.command(epilog=debug_module.EXAMPLES)(debug)


app.command(epilog=diff_module.EXAMPLES)(diff)


app.command(epilog=evaluate_module.EXAMPLES)(evaluate)


app.command(epilog=locate_module.EXAMPLES)(locate)


app.command()(lists.methods)


def _layers(given: list[str]) -> list[str | int] | str | int | None:
    several = [_number(one) for one in given]
    return several if len(several) > 1 else (several[0] if several else None)


def _number(text: str | None) -> Any:
    """An index where it is one: "-1" means the last layer."""
    return int(text) if text and text.removeprefix("-").isdecimal() else text


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"seewhy {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command; what is wrong with the user's input is told in one line."""
    # TensorFlow writes its start-up notes to stderr otherwise
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        app()
    except SeewhyError as error:
        sys.exit(f"seewhy: {error}")
