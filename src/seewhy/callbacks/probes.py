"""The photos that are watched while a model is trained: checked before the first epoch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.errors import OptionError, TargetError
from seewhy.images.listing import list_photos
from seewhy.images.photo import load
from seewhy.models.samples import as_numpy, is_array
from seewhy.render.files import number_duplicates
from seewhy.targets.labels import Labels

MOST = 64
"""Photos that are watched; more would take a good part of each epoch."""
LABEL = "label"
GIVE_CLASSES = (
    "give them with the photos, as Watch((photos, [0, 1, …])), or ask for what the model sees in "
    'each, whatever it is: targets="top".'
)


@dataclass(frozen=True)
class Probes:
    """What is watched, as it was given."""

    photos: Any
    targets: Any
    """A list of one question a photo, or a tuple of one for all."""
    from_folders: bool = False
    """Whether the targets are the names of the photos' folders."""

    def targets_of(self, labels: Labels, count: int) -> list[Any]:
        """One question for each of so many photos. Raises TargetError for unknown classes.

        labels: the model's classes.
        """
        if isinstance(self.targets, tuple):
            return list(self.targets) * count
        if len(self.targets) != count:
            raise OptionError(
                f"{len(self.targets)} targets for {count} photos: give one for each photo, in "
                f"their order."
            )
        return self._indices(labels) if self.from_folders else list(self.targets)

    def _indices(self, labels: Labels) -> list[Any]:
        """Classes from folders: by their names, or by their order where classes have no names."""
        try:
            found = [labels.find(name) for name in self.targets]
            return [each.index for each in found]  # type: ignore[union-attr]
        except (TargetError, AttributeError) as error:
            root = Path(self.photos[0]).absolute().parent.parent
            folders = sorted(each.name for each in root.iterdir() if _is_class(each))
            if len(folders) == len(labels) and set(self.targets) <= set(folders):
                return [folders.index(name) for name in self.targets]
            names = ", ".join(map(repr, sorted(set(self.targets))))
            raise TargetError(
                f"the photos' folders ({names}) are no classes of the model: {error} Or tell the "
                f"names of the model's classes, as labels=[…]; or {GIVE_CLASSES}"
            ) from error


def read_probes(photos: Any, targets: Any, classes: Any = None) -> Probes:
    """The photos with one question each.

    photos: as `Explainer` takes them, a folder or pattern, or a tuple (photos, true classes).
    targets: "label", "top", another question for all, or a list of one each. classes: the true
    ones, where they were given beside the photos.
    Raises OptionError and ImageError for what cannot be watched.
    """
    if _is_pair(photos):
        if classes is not None:
            raise OptionError("the true classes are given twice: with the photos, and as labels.")
        photos, classes = photos
    if isinstance(photos, str | os.PathLike):
        photos = list_photos([os.fspath(photos)])
    if photos is None or (hasattr(photos, "__len__") and not len(photos)):
        raise OptionError("there is no photo to watch: give 8 to 16 that you know well.")
    if not isinstance(photos, list | tuple | dict) and not is_array(photos):
        raise OptionError(
            f"the photos to watch are a list of paths, pictures or arrays, a batch array, or a "
            f"folder; got {type(photos).__name__}."
        )
    if not isinstance(photos, dict):
        check_count(len(photos))
    _check_files(photos)
    return _asked(photos, targets, classes)


def check_count(count: int) -> None:
    """Raises OptionError for more photos than can be watched."""
    if count > MOST:
        raise OptionError(
            f"{count} photos are too many to be watched at each epoch: give 8 to 16, at most "
            f"{MOST}. For many photos there is `seewhy run`, after training."
        )


def names_of(photos: Any, count: int) -> list[str]:
    """A name for each photo, no two alike: of files their own without suffix."""
    sources = list(photos) if isinstance(photos, list | tuple) else []
    names = []
    for k in range(count):
        source = sources[k] if len(sources) == count else None
        name = source if isinstance(source, str | os.PathLike) else None
        names.append(f"photo-{k + 1:02}" if name is None else Path(name).stem or f"photo-{k + 1}")
    return number_duplicates(names)


def _asked(photos: Any, targets: Any, classes: Any) -> Probes:
    asks_label = isinstance(targets, str) and targets == LABEL
    if classes is not None and not asks_label:
        raise OptionError(
            f"true classes are given, and targets={targets!r} asks for others: leave one of both "
            f'out; targets="label" asks for the true classes.'
        )
    if asks_label and classes is not None:
        return Probes(photos, true_classes(classes))
    if asks_label:
        return Probes(photos, _folder_names(photos), from_folders=True)
    if isinstance(targets, np.ndarray | range):
        targets = list(targets)
    if isinstance(targets, list | tuple):
        if not targets:
            raise OptionError('targets is an empty list: give one for each photo, or "top".')
        return Probes(photos, list(targets))
    return Probes(photos, (targets,))


def true_classes(classes: Any) -> list[Any]:
    """Classes as people have them: indices or names, a column of them, or rows with one 1 each.

    Raises OptionError for others.
    """
    values = as_numpy(classes) if is_array(classes) else np.array(classes)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2:
        if not ((values.max(axis=1) == 1) & ((values != 0).sum(axis=1) == 1)).all():
            raise OptionError(
                "the true classes are one index or name for each photo, or rows with a single 1; "
                "got rows of other numbers."
            )
        values = values.argmax(axis=1)
    if values.ndim == 1 and values.dtype.kind == "f" and (values == np.rint(values)).all():
        values = values.astype(int)
    if values.ndim != 1 or values.dtype.kind not in "iubUO":
        raise OptionError(
            f"the true classes are one index or name for each photo; got {classes!r:.200}."
        )
    if values.dtype.kind == "b":
        values = values.astype(int)
    return list(values.tolist())


def _folder_names(photos: Any) -> list[str]:
    paths = [each for each in photos if isinstance(each, str | os.PathLike)]
    if len(paths) < len(photos):
        raise OptionError(f'targets="label" needs the true classes of the photos: {GIVE_CLASSES}')
    return [Path(path).absolute().parent.name for path in paths]


def _is_pair(photos: Any) -> bool:
    """Whether it is (photos, true classes), as Keras has validation data, and no two photos."""
    if not isinstance(photos, tuple) or len(photos) != 2:
        return False
    first, second = photos
    if not is_array(second) and (isinstance(second, str) or not isinstance(second, Sequence)):
        return False
    if isinstance(first, list | tuple | dict | str | os.PathLike):
        return not is_array(second) or np.ndim(second) <= 2
    if not is_array(first):
        return False
    axes = np.ndim(second) if is_array(second) else 1
    # two arrays of three axes are two photos; of signals (n, steps, channels) classes have one
    return axes == 1 or (np.ndim(first) > 3 and axes == 2)


def _check_files(photos: Any) -> None:
    """Reads each file once, so that a broken one is told before anything is trained."""
    for each in photos if isinstance(photos, list | tuple) else []:
        if isinstance(each, str | os.PathLike):
            load(each)


def _is_class(folder: Path) -> bool:
    return folder.is_dir() and not folder.name.startswith(".")
