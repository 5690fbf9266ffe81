"""The photos that a command is given, and the true classes that their folders name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seewhy.cli import session
from seewhy.errors import ImageError, ImageNotFoundError, TargetError

if TYPE_CHECKING:
    from seewhy.results.explanation import Explanation
    from seewhy.targets.labels import Group, Label, Labels

FEW, SMALL = 4, 8_000_000
"""So many photos, of so many bytes at most, are read to see whether any can be, before a backend is
loaded."""


@dataclass(frozen=True)
class GivenPhotos:
    """The photos that a command was given."""

    paths: tuple[str, ...]
    problems: Mapping[str, ImageError]
    """Those that are known not to be readable, and why."""

    def without(self, files: Iterable[Path], named: Sequence[str]) -> GivenPhotos:
        """Those that are none of these files, unless they were named one by one."""
        from seewhy.images.listing import absolute

        left_out = {absolute(str(file)) for file in files} - {absolute(name) for name in named}
        kept = tuple(path for path in self.paths if absolute(path) not in left_out)
        problems = {path: error for path, error in self.problems.items() if path in kept}
        return GivenPhotos(kept, problems)

    @property
    def any_readable(self) -> bool:
        return len(self.problems) < len(self.paths)

    def tell(self) -> None:
        """Print what is wrong with those that cannot be read."""
        for error in self.problems.values():
            session.tell_problem(error)

    def require(self) -> None:
        """Raises ImageError, after the problems were told, if no photo can be read."""
        if self.any_readable:
            return
        problems = list(self.problems.values())
        if len(problems) == 1:
            raise problems[0]
        for error in problems:
            session.tell_problem(error)
        raise ImageError(f"none of the {len(problems)} photos can be read.")


def given_photos(photos: Sequence[str]) -> GivenPhotos:
    """The photos that words of the command line name. Imports no Keras.

    Raises ImageError for a folder, pattern or list without photos.
    """

    from seewhy.images.folders import photo_or_error
    from seewhy.images.listing import list_photos

    paths = tuple(list_photos(photos))
    problems = {path: _missing(path) for path in paths if not os.path.lexists(path)}
    there = [path for path in paths if path not in problems]
    if len(there) <= FEW and all(_is_small(path) for path in there):
        read = ((path, photo_or_error(path)) for path in there)
        problems |= {path: result for path, result in read if isinstance(result, ImageError)}
    return GivenPhotos(paths, {path: problems[path] for path in paths if path in problems})


def given_photo(photo: str) -> str:
    """The one photo that a word names. Raises ImageError as `given_photos`, or for several."""
    given = given_photos([photo])
    if len(given.paths) > 1:
        raise ImageError(
            f"this command takes one photo; {photo!r} stands for {len(given.paths)}, of which the "
            f"first is {given.paths[0]!r}. Give one."
        )
    given.require()
    return given.paths[0]


def _is_small(path: str) -> bool:
    try:
        return Path(path).stat().st_size <= SMALL
    except OSError:
        return True


def _missing(path: str) -> ImageError:
    from seewhy.images.folders import photo_or_error

    error = photo_or_error(path)  # in the words of reading it
    return error if isinstance(error, ImageError) else ImageNotFoundError(f"no file {path!r}.")


@dataclass
class FolderClasses:
    """The true classes of photos, which the folders that they lie in are called by."""

    labels: Labels
    _known: dict[str, Label | Group | None] = field(default_factory=dict)

    def of(self, photo: str) -> Label | Group | None:
        """The class; None where the folder names none, which is told once a folder."""
        from seewhy.images.listing import absolute

        folder = Path(absolute(photo)).parent.name
        if folder not in self._known:
            self._known[folder] = self._find(folder)
        return self._known[folder]

    def as_dict(self, photo: str, explanations: Sequence[Explanation]) -> dict[str, Any]:
        """Its name, and whether it is what the model predicts: None where that is not known."""
        label = self.of(photo)
        if label is None:
            return {"true": None, "right": None}
        best = explanations[0].predictions[:1]
        indices = getattr(label, "indices", None) or (getattr(label, "index", None),)
        return {"true": label.name, "right": best[0].index in indices if best else None}

    def _find(self, folder: str) -> Label | Group | None:
        try:
            return self.labels.find(folder)
        except TargetError as error:
            session.tell_problem(f"photos in the folder {folder!r} have no true class: {error}")
            return None
