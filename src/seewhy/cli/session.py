"""What each command does around its work: quiet libraries, a clean stdout, JSON, exit status."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from seewhy.errors import OptionError, SeewhyError, SeewhyWarning
from seewhy.progress import quiet

if TYPE_CHECKING:
    from rich.text import Text

    from seewhy.explainer.explainer import Explainer
    from seewhy.results.explanation import Explanation
    from seewhy.targets.target import Target

T = TypeVar("T")
_OTHER_PICTURES = (".gif", ".bmp", ".tif", ".tiff", ".ppm", ".avif", ".heic", ".jxl", ".eps", ".ps")
_END: Any = object()

# Control characters (C0, DEL, C1), marks that turn the direction of writing, lone surrogates.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Report:
    """What a command has to tell in the end."""

    record: Any
    """Plain values, for `--json`."""
    show: Callable[[], None]
    """Prints the same for people."""
    problems: Sequence[str] = ()
    """What could not be done; the exit status is 1 if there is any."""
    closing: str = ""
    """The last line, which is told even if nothing else is; "" for none."""


def command(
    work: Callable[[], Report], *, as_json: bool, quiet: bool = False, told: Collection[str] = ()
) -> NoReturn:
    """Do the work of a command, print what it reports, and end with the exit status.

    Only results reach stdout: what libraries and users' code print meanwhile goes to stderr.
    quiet: whether nothing is shown but problems and the closing line. told: problems that were
    told already.
    """
    load_backend()
    with results_only():
        report = work()
    for problem in report.problems:
        if problem not in told:
            tell_problem(problem)

    def show() -> None:
        if not quiet:
            report.show()
        if report.closing:
            echo(report.closing)

    if as_json and report.closing:  # stdout is that of the results
        tell_closing(report.closing, as_json=True)
    finish(report.record, show, as_json=as_json, failed=bool(report.problems))


def finish(record: Any, show: Callable[[], None], *, as_json: bool, failed: bool) -> NoReturn:
    """Print a record as JSON or what `show` prints, and end with status 1 if something failed."""
    if as_json:
        sys.stdout.write(json_text(record) + "\n")
    else:
        show()
    raise typer.Exit(int(failed))


def tell_closing(text: str, *, as_json: bool) -> None:
    """The last line of a command: beside results in JSON it goes to stderr."""
    typer.echo(visible(text), err=as_json)


class JsonList:
    """A list in JSON that is printed as it comes, the same as `json_text` gives of the whole."""

    def __init__(self) -> None:
        self._file = sys.stdout  # as it is now: within `results_only` it is another
        self._begun = False

    def add(self, record: Any) -> None:
        lines = json_text(record).replace("\n", "\n ")
        self._file.write(f"{',' if self._begun else '['}\n {lines}")
        self._begun = True

    def __enter__(self) -> JsonList:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End the list, also where something failed; then an empty one is not printed."""
        if self._begun or kind is None or kind is KeyboardInterrupt:
            self._file.write("\n]\n" if self._begun else "[]\n")
            self._file.flush()


def muted(results: Iterator[T]) -> Iterator[T]:
    """The same, with what is printed while they are made on stderr."""
    while True:
        with results_only():
            result = next(results, _END)
        if result is _END:
            return
        yield result


def load_backend() -> None:
    """Import Keras and its backend without their start-up notes."""
    from seewhy import backend

    with quiet():
        backend.load()


@contextlib.contextmanager
def results_only() -> Iterator[None]:
    """Within, what is printed goes to stderr: downloads and users' code write to stdout."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def visible(text: object) -> str:
    """A text in which what a terminal would obey, hide or turn round is written out, as \\x1b.

    Names of files, classes, layers and categories come from outside: an escape sequence in one
    could set the window's title, and what is no UTF-8 cannot be printed at all.
    """
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], str(text))


def words(text: object, style: str = "") -> Text:
    """The same for tables and consoles of Rich, without its markup."""
    from rich.text import Text

    return Text(visible(text), style)


def echo(text: object) -> None:
    """Print one line, made visible."""
    typer.echo(visible(text))


def echo_lines(text: object) -> None:
    """Print a text of several lines, each made visible."""
    for line in str(text).split("\n"):
        echo(line)


def json_text(record: Any) -> str:
    """Indented JSON, readable, with what a terminal would obey escaped."""
    text = json.dumps(record, indent=1, ensure_ascii=False)
    # of the controls JSON itself escapes those up to 0x1f only
    return _UNPRINTABLE.sub(
        lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", text
    )


def error_text(error: object) -> str:
    """An error as it is printed: lines stay lines."""
    return "\n".join(visible(line) for line in f"seewhy: {error}".split("\n"))


def tell_problem(problem: object) -> None:
    """One line on stderr."""
    sys.stderr.write(f"{error_text(problem)}\n")


def picture_path(output: Path, photo: str, ending: str) -> Path:
    """The file that --output names, or the one called like the photo in the folder it names.

    Raises OptionError for files of other kinds than pictures, and for the photo itself.
    """
    from seewhy.render.files import FORMATS, file_name

    suffix = output.suffix.lower()
    if output.is_dir() or (suffix not in FORMATS and suffix not in _OTHER_PICTURES):
        return output / file_name(Path(photo).stem, ending)
    if suffix not in FORMATS:
        raise OptionError(
            f"pictures are written as {', '.join(FORMATS)}, not as {suffix}: give --output "
            f"{output.with_suffix('.jpg').name}, or a folder."
        )
    if output.exists() and output.samefile(photo):
        raise OptionError(f"{str(output)!r} is the photo itself: give another file with --output.")
    return output


def save_to(path: Path, save: Callable[[Path], Any], what: str, flag: str) -> None:
    """Write a file. Raises OptionError that names the flag by which another place is given."""
    try:
        save(path)
    except OSError as error:
        raise OptionError(
            f"the {what} cannot be written to {str(path)!r} ({error.strerror}). "
            f"Give another file with {flag}."
        ) from error


def problem_of_writing(write: Callable[[], object], photo: str) -> str | None:
    """Write a picture of a photo; what went wrong, or None."""
    try:
        write()
    except OSError as error:
        return f"the pictures of {photo!r} cannot be written: {error.strerror or error}."
    except SeewhyError as error:
        return str(error)
    return None


def explained_photos(
    explainer: Explainer, photos: Sequence[str], targets: Sequence[Target], most: int | None = None
) -> Iterator[tuple[str, list[Explanation] | SeewhyError]]:
    """Each photo with its explanations or with what is wrong with it, in order, by batches.

    most: pixels a side, of more of which a JPEG is read smaller.
    """
    from seewhy.images.folders import read_in_batches
    from seewhy.images.photo import Photo

    for batch in read_in_batches(photos, explainer.batch_size, most):
        readable = [photo for _, photo in batch.photos]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SeewhyWarning)  # the report tells them
            rows = iter(explainer.ask(readable, targets) if readable else [])
        for path, result in batch.results:
            yield path, list(next(rows)) if isinstance(result, Photo) else result


def with_progress(results: Iterator[T], count: int, *, with_json: bool = False) -> Iterator[T]:
    """The same, with a progress bar on stderr where there are several.

    with_json: whether JSON is printed meanwhile, among which there is no bar on a terminal.
    """
    from rich.console import Console
    from rich.progress import Progress

    from seewhy.progress import hidden

    console = Console(stderr=True)
    # the bar would take what is printed to stderr with it, also where stdout is a file
    also_out = sys.stdout.isatty()
    if count < 2 or not console.is_terminal or (with_json and also_out):
        yield from results
        return
    with hidden(), Progress(console=console, transient=True, redirect_stdout=also_out) as progress:
        yield from progress.track(results, total=count, description="Explaining")
