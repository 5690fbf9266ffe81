"""The commands `seewhy explain` and `seewhy demo`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from seewhy.cli import session
from seewhy.cli.options import BUNDLED, FullSize, Json, Model, Output, Photos, takes_options
from seewhy.errors import SeewhyError

if TYPE_CHECKING:
    from seewhy.cli.picture_files import Drawing
    from seewhy.explainer.explainer import Explainer
    from seewhy.render.files import Filenames
    from seewhy.results.explanation import Explanation
    from seewhy.results.trust import Trust

EXAMPLES = """
[bold]Examples[/bold]

  seewhy explain cat.jpg
  seewhy explain pets.jpg --target dog --target cat
  seewhy explain dalmatian.jpg --model vgg16 --target dalmatian --layer block5_conv3
  seewhy explain scans/*.png --model my.keras --labels names.txt --preprocess unit --output out
  seewhy explain photo.jpg --target all-top --top 5 --json > why.json
  seewhy explain husky.jpg --why "Siberian husky" --rather-than "Alaskan malamute"
"""


class Blend(StrEnum):
    add = "add"
    mix = "mix"


class Format(StrEnum):
    jpg = "jpg"
    png = "png"


@takes_options()
def explain(  # noqa: PLR0913  (one parameter a flag)
    photos: Photos,
    *,
    model: Model = BUNDLED,
    target: Annotated[
        list[str],
        typer.Option(
            help="Class to explain: index, WordNet id, name, or a word such as dog; "
            "[cyan]top[/cyan], or [cyan]all-top[/cyan] for each of the top classes. Repeatable.",
        ),
    ] = [],  # noqa: B006  (Typer copies it)
    why: Annotated[
        str | None, typer.Option(help="Same as --target; with --rather-than, against that class.")
    ] = None,
    rather_than: Annotated[
        str | None, typer.Option(help="Class to compare with: what speaks for --why, not for it.")
    ] = None,
    against: Annotated[str | None, typer.Option(help="Class to show the evidence against.")] = None,
    settings: dict[str, Any],
    common_scale: Annotated[
        bool,
        typer.Option("--common-scale", help="Draw all maps of a photo on one scale."),
    ] = False,
    blend: Annotated[Blend, typer.Option(help="How the map is laid over the photo.")] = Blend.add,
    alpha: Annotated[
        float, typer.Option(min=0, max=1, help="Strength of the map in the overlay.")
    ] = 0.4,
    colormap: Annotated[
        str, typer.Option(help="OpenCV's jet, or a name that Matplotlib knows.")
    ] = "jet",
    output: Output = Path(),
    format: Annotated[Format, typer.Option(help="Format of the pictures.")] = Format.jpg,
    full_size: FullSize = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Check whether each map can be trusted, and say why.")
    ] = False,
    json: Json = False,
) -> None:
    """Show which parts of each photo made the network decide as it did.

    For each photo it prints the top classes and writes NAME_heatmap and NAME_gradcam, the map
    alone and over the photo, at the photo's own size (up to 4096 pixels a side).
    """
    from seewhy.cli.picture_files import Drawing

    drawing = Drawing(blend.value, alpha, colormap, output, format.value, common_scale, full_size)
    targets = _targets(target, why, rather_than, against)
    _explain(photos, targets, {"model": model, **settings}, drawing, as_json=json, trust=trust)


def demo(output: Output = Path()) -> None:
    """Explain the bundled photo of a cat with the bundled network."""
    from seewhy.cli.picture_files import Drawing
    from seewhy.data import FOLDER

    photo = str(FOLDER / "chelsea.png")
    _explain([photo], ["top"], {"model": BUNDLED}, Drawing(output=output), as_json=False)


def _targets(
    targets: Sequence[str], why: str | None, rather_than: str | None, against: str | None
) -> list[Any]:
    """What the flags ask; the top class if they ask nothing."""
    from seewhy.targets import counterfactual, margin

    questions: list[Any] = list(targets)
    if rather_than is not None:
        questions.append(margin(why or "top", rather_than))
    elif why is not None:
        questions.append(why)
    if against is not None:
        questions.append(counterfactual(against))
    return questions or ["top"]


def _explain(
    photos: Sequence[str],
    targets: Sequence[Any],
    settings: dict[str, Any],
    drawing: Drawing,
    *,
    as_json: bool,
    trust: bool = False,
) -> NoReturn:
    """Explain the photos, write their pictures, and print what was found photo by photo.

    A photo that cannot be read is reported, the others are done, and the status is 1.
    """
    from seewhy.cli import report
    from seewhy.render.drawn_size import MOST_DRAWN
    from seewhy.render.files import Filenames

    drawing.check()
    session.load_backend()
    from seewhy.explainer.explainer import Explainer

    with session.results_only():
        explainer = Explainer(**settings)
        questions = explainer.questions(targets)
    names = Filenames(drawing.output, photos)
    records: list[dict[str, Any]] = []
    failed = False
    most = None if drawing.full_size else MOST_DRAWN
    explained = session.explained_photos(explainer, photos, questions, most)
    results = _checked(explained, explainer) if trust else ((*each, []) for each in explained)
    for path, result, checked in session.with_progress(results, len(photos)):
        result, files = _drawn(path, result, drawing, names)
        if isinstance(result, SeewhyError):
            failed = True
            session.tell_problem(result)
            records.append({"photo": path, "error": str(result)})
            continue
        if as_json:
            records += report.records(path, result, files, checked)
        else:
            report.show(path, result, files, checked)
    session.finish(records, lambda: None, as_json=as_json, failed=failed)


def _checked(
    explained: Iterator[tuple[str, list[Explanation] | SeewhyError]], explainer: Explainer
) -> Iterator[tuple[str, list[Explanation] | SeewhyError, list[Trust]]]:
    """The same with the checks of each explanation, those of a batch of photos made together."""
    while group := list(islice(explained, explainer.batch_size)):
        lists = [[] if isinstance(result, SeewhyError) else result for _, result in group]
        checks = iter(explainer.trust([each for result in lists for each in result]))
        for (path, result), of_photo in zip(group, lists, strict=True):
            yield path, result, list(islice(checks, len(of_photo)))


def _drawn(
    path: str, result: list[Explanation] | SeewhyError, drawing: Drawing, names: Filenames
) -> tuple[list[Explanation] | SeewhyError, list[list[Path]]]:
    if isinstance(result, SeewhyError):
        return result, []
    try:
        return result, drawing.write(path, result, names)
    except SeewhyError as error:
        return error, []
    except OSError as error:
        return SeewhyError(f"the pictures of {path!r} cannot be written: {error}."), []
