"""The classes of a model: their names, and finding the one that a person means."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from numbers import Integral
from pathlib import Path
from types import MappingProxyType

from seewhy.checks import whole_number
from seewhy.data import FOLDER
from seewhy.errors import LabelsError, TargetError
from seewhy.targets import label_files

DATA = FOLDER
_SUGGESTIONS = 8
_NO_GROUPS: Mapping[str, tuple[int, ...]] = MappingProxyType({})


LONGEST = 200
"""Letters of a word that are shown."""


@dataclass(frozen=True)
class Label:
    """One class of a model."""

    index: int
    """Place among the model's outputs, from 0 on."""
    wnid: str | None
    """WordNet id such as "n02123045", or None."""
    name: str

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.index), self.wnid, self.name)))


@dataclass(frozen=True)
class Group:
    """Several classes under one everyday word, such as the 118 breeds of "dog"."""

    name: str
    indices: tuple[int, ...]


@dataclass(frozen=True)
class Labels:
    """The classes of a model in the order of its outputs.

    groups: everyday word → indices of the classes that it stands for; {} where there are none.
    """

    entries: tuple[Label, ...]
    groups: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: _NO_GROUPS)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Label:
        return self.entries[index]

    def find(self, wanted: int | str) -> Label | Group:
        """The class, or the group of classes, that is meant.

        wanted: an index from 0 on (a string of digits too), a WordNet id, a class's name, or a
            group's word in the singular or plural. Case, spaces, hyphens and underscores don't
            matter, but of two classes that differ in nothing else the one that is spelt exactly
            so is taken. A class goes before a group of the same word.
        Raises TargetError if nothing is called so, or several classes are.
        """
        if isinstance(wanted, bool) or not isinstance(wanted, Integral | str):
            raise TargetError(
                f"a class is an index from 0 to {len(self) - 1} or a name, not {wanted!r}."
            )
        if isinstance(wanted, Integral):
            return self._at(int(wanted))
        word = wanted.strip()
        named = self._named(word)
        number = whole_number(word)
        if number is not None:
            return self._numbered(number, named)
        if len(named) > 1:
            raise TargetError(_ambiguous(word, named))
        label = named[0] if named else self._group(word)
        if label is None:
            raise TargetError(self._unknown(word))
        return label

    def _at(self, index: int) -> Label:
        if 0 <= index < len(self):
            return self.entries[index]
        raise TargetError(
            f"there is no class {index}: the model has {len(self)} classes, "
            f"with the indices 0 to {len(self) - 1}."
        )

    def _numbered(self, index: int, named: Sequence[Label]) -> Label:
        """The class with an index that was given as a string; digits may also be names."""
        others = [label for label in named if label.index != index]
        if others and 0 <= index < len(self):
            raise TargetError(_ambiguous(str(index), [self.entries[index], *others]))
        return others[0] if len(others) == 1 else self._at(index)

    def _named(self, word: str) -> list[Label]:
        """All classes that the word can mean; only the exactly spelt one where it is unique."""
        key = _key(word)
        exact = [label for label in self.entries if label.name == word]
        if len(exact) == 1:
            return exact
        by_id = [label for label in self.entries if label.wnid and label.wnid == word.lower()]
        return by_id or [label for label in self.entries if _key(label.name) == key]

    def _group(self, word: str) -> Group | None:
        words = {_key(name): name for name in self.groups}
        key = _key(word)
        for singular in (key, key.removesuffix("s"), key.removesuffix("es")):
            if singular in words:
                name = words[singular]
                return Group(name, self.groups[name])
        return None

    def _unknown(self, word: str) -> str:
        near = [str(label) for label in self._near(word)]
        groups = _close(_key(word), self.groups)
        shown = (
            repr(word) if len(word) <= LONGEST else f"{word[:LONGEST]!r}… ({len(word):,} letters)"
        )
        text = f"no class is called {shown}."
        if near:
            text += f" Near to it: {', '.join(near)}."
        if groups:
            text += f" Groups of classes: {', '.join(groups)}."
        if not near and not groups:
            text += f" Give an index from 0 to {len(self) - 1} or a name such as "
            text += f"{self.entries[0].name!r}."
        return text

    def _near(self, word: str) -> list[Label]:
        """Classes whose names hold the word, are alike, or share a word with it; best first."""
        key = _key(word)
        words = {part for part in _words(word) if len(part) > 2}
        alike = _close(key, {_key(label.name) for label in self.entries})
        holding = [label for label in self.entries if len(key) > 2 and key in _key(label.name)]
        close = [label for name in alike for label in self.entries if _key(label.name) == name]
        sharing = [label for label in self.entries if words & set(_words(label.name))]
        return list(dict.fromkeys([*holding[:5], *close, *holding, *sharing]))[:_SUGGESTIONS]


@cache
def imagenet_labels() -> Labels:
    """The 1000 classes of ImageNet-1k in the usual order, with groups of everyday words."""
    entries = _numbered(label_files.read_label_rows(DATA / "imagenet_classes.csv"))
    with (DATA / "imagenet_groups.csv").open(encoding="utf-8", newline="") as file:
        groups = {row["group"]: _indices(row["indices"]) for row in csv.DictReader(file)}
    return Labels(entries, MappingProxyType(groups))


def numbered_labels(count: int) -> Labels:
    """Labels "class 0", "class 1", … for a model whose classes have no names."""
    return Labels(tuple(Label(index, None, f"class {index}") for index in range(count)))


def read_labels(path: str | Path) -> Labels:
    """The classes in a .txt, .csv or .json file; see label_files.read for the forms.

    Raises LabelsError if there is no such file, or it cannot be understood.
    """
    return Labels(_numbered(label_files.read_label_rows(Path(path))))


def labels_of_model(source: Labels | str | Path | Sequence[str] | None, count: int) -> Labels:
    """The labels of a model with `count` outputs.

    source: Labels, a file, names in the order of the outputs, or None: then they are numbered.
    Raises LabelsError if there are more or fewer labels than outputs.
    """
    if source is None:
        return numbered_labels(count)
    if isinstance(source, Labels):
        labels = source
    elif isinstance(source, str | Path):
        labels = read_labels(source)
    else:
        labels = Labels(_numbered((None, str(name)) for name in source))
    if len(labels) != count:
        where = f"{source} has" if isinstance(source, str | Path) else "there are"
        raise LabelsError(
            f"the model has {count} outputs, but {where} {len(labels)} class names. "
            f"Give {count} names, one for each output, in their order."
        )
    return labels


def _numbered(rows: Iterable[tuple[str | None, str]]) -> tuple[Label, ...]:
    return tuple(Label(index, wnid, name) for index, (wnid, name) in enumerate(rows))


def _indices(text: str) -> tuple[int, ...]:
    """ "101 385-386" → (101, 385, 386)."""
    ends = [part.split("-") for part in text.split()]
    return tuple(index for part in ends for index in range(int(part[0]), int(part[-1]) + 1))


def _words(name: str) -> list[str]:
    return name.lower().replace("_", " ").replace("-", " ").split()


def _key(name: str) -> str:
    return "".join(_words(name))


def _close(key: str, names: Iterable[str]) -> list[str]:
    keys = {_key(name): name for name in names}
    return [keys[near] for near in difflib.get_close_matches(key, keys, n=4, cutoff=0.7)]


def _ambiguous(word: str, labels: Sequence[Label]) -> str:
    ids = "its index or WordNet id" if any(label.wnid for label in labels) else "its index"
    return (
        f"{word!r} can mean {len(labels)} classes: {'; '.join(map(str, labels))}. "
        f"Name the one you mean by {ids}."
    )
