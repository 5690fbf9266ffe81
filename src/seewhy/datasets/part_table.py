"""One part of a store as a table of Arrow: its schema, and its columns made of arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seewhy.datasets.arrow import pyarrow
from seewhy.datasets.map_figures import map_figures
from seewhy.datasets.read_entries import ReadPhoto
from seewhy.errors import MapError, TargetError
from seewhy.maps.stored_maps import scaled
from seewhy.results.maps_record import CODES, Maps
from seewhy.targets.labels import Label, Labels
from seewhy.targets.target import Ranking, Target

FIGURE_STEP = 1 / 256
"""To what figures in 0..1 are rounded."""
PROBABILITY_BITS = 0xFFFFFF00
"""Of a probability's 32 bits those that are kept: it is exact to 1 in 30,000."""
FEATURE_BITS = 0xFFFFF000
"""The same of features, exact to 1 in 4,000: the rest is noise, and zeros take no space."""
HALVES = ("positive_share", "border_share", "center_row", "center_col", "entropy")
WRITING: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 9,
    "write_page_checksum": True,
    "use_dictionary": [
        *("id", "source", "label", "question", "target", "error", "width", "height"),
        *("label_index", "target_index", "warnings.list.element"),
    ],
    # DuckDB reads this encoding of float32, not of float16
    "column_encoding": {
        "row": "DELTA_BINARY_PACKED",
        "score": "BYTE_STREAM_SPLIT",
        "scale": "BYTE_STREAM_SPLIT",
        "features.list.element": "BYTE_STREAM_SPLIT",
        "top.list.element.probability": "BYTE_STREAM_SPLIT",
    },
}


def schema(about: Mapping[str, Any]) -> Any:
    """The columns of a part. about: what stands as JSON in its metadata under "seewhy"."""
    arrow = pyarrow()
    text, whole, small = arrow.string(), arrow.int32(), arrow.int16()
    cells = int(np.prod(about["grid"]))
    top = arrow.struct([("index", whole), ("probability", arrow.float32())])
    types = {
        "row": arrow.int64(),
        "id": text,
        "source": text,
        "width": whole,
        "height": whole,
        **({"photo_sha256": text} if about.get("photo_sha256") else {}),
        "label": text,
        "label_index": whole,
        "question": text,
        "target": text,
        "target_index": whole,
        "score": arrow.float32(),
        "top": arrow.list_(top),
        "scale": arrow.float32(),
        "map": arrow.list_(arrow.float16(), cells),
        "warnings": arrow.list_(text),
        "hottest_row": small,
        "hottest_col": small,
        **dict.fromkeys(HALVES, arrow.float16()),
        **({"features": arrow.list_(arrow.float32(), about["units"])} if "units" in about else {}),
        "error": text,
    }
    return arrow.schema(list(types.items()), metadata={"seewhy": json.dumps(dict(about))})


@dataclass(frozen=True)
class Question:
    """One question of a run."""

    word: str
    """As it was asked."""
    target: Target


@dataclass
class Part:
    """What was found so far of one part: photos in their order, and their maps."""

    photos: list[ReadPhoto] = field(default_factory=list)
    maps: list[list[Maps]] = field(default_factory=list)
    """A list for each question, in the order of the photos that could be read."""

    def add(self, photos: Sequence[ReadPhoto], maps: Sequence[Maps]) -> None:
        """Add a batch. maps: of its photos that could be read, a record a question; [] if none."""
        # what is not needed any more would keep photos in memory
        self.photos += [
            ReadPhoto(each.entry, each.error, each.size, bits=each.bits, sha256=each.sha256)
            for each in photos
        ]
        if maps:
            self.maps = self.maps or [[] for _ in maps]
            for known, new in zip(self.maps, maps, strict=True):
                known.append(new)


@dataclass(frozen=True)
class Tables:
    """Makes the tables of a run."""

    about: Mapping[str, Any]
    questions: Sequence[Question]
    labels: Labels

    def table(self, first: int, part: Part) -> Any:
        """The table of a part whose first photo has this row in the plan."""
        times, photos = len(self.questions), part.photos
        readable = np.array([each.error is None for each in photos], bool)
        sizes = [each.size or (None, None) for each in photos]
        true = [self._true(each.entry.label) for each in photos]
        columns: dict[str, list[Any]] = {
            "row": [first + k for k in range(len(photos))],
            "id": [each.entry.id for each in photos],
            "source": [each.entry.source for each in photos],
            "width": [width for _, width in sizes],
            "height": [height for height, _ in sizes],
            "photo_sha256": [each.sha256 for each in photos],
            "label": [name for name, _ in true],
            "label_index": [index for _, index in true],
            "error": [each.error for each in photos],
        }
        columns = {name: _repeated(values, times) for name, values in columns.items()}
        columns["question"] = [question.word for question in self.questions] * len(photos)
        found = self._found(part, readable)
        arrow = pyarrow()
        kinds = schema(self.about)
        arrays = {
            each.name: arrow.array(columns[each.name], each.type)
            if each.name in columns
            else found[each.name].cast(each.type)
            for each in kinds
        }
        return arrow.table(arrays, schema=kinds)

    def _true(self, label: str | None) -> tuple[str | None, int | None]:
        """A true class as the model names it, with its index; as it was given where it has none."""
        if label is None:
            return None, None
        try:
            known = self.labels.find(label)
        except TargetError:
            return label, None
        return known.name, known.index if isinstance(known, Label) else None

    def _found(self, part: Part, readable: np.ndarray) -> dict[str, Any]:
        """The columns of what the network said, without a value where nothing could be read."""
        times = len(self.questions)
        rows = np.repeat(readable, times)
        if not readable.any():
            return {each.name: pyarrow().nulls(len(rows), each.type) for each in schema(self.about)}
        records = [Maps.joined(each) for each in part.maps]
        grid = tuple(self.about["grid"])
        if records[0].maps.shape[1:] != grid:
            raise MapError(
                f"maps of {records[0].maps.shape[1:]} cells where others have {grid}: a store "
                f"holds maps of one shape. Give the model one size with size=…."
            )
        bits = np.array([each.bits for each in part.photos if each.error is None], "uint32")
        names = [
            [self._target(question, record, k) for k in range(len(record))]
            for question, record in zip(self.questions, records, strict=True)
        ]
        return _columns(records, bits, names, rows)

    def _target(self, question: Question, record: Maps, k: int) -> str:
        index = int(record.targets[k])
        if index >= 0:
            return self.labels[index].name
        order = tuple(record.top[k].tolist())
        return question.target.tell(Ranking(self.labels, order)).name


def _columns(
    records: Sequence[Maps], bits: np.ndarray, names: list[list[str]], rows: np.ndarray
) -> dict[str, Any]:
    """Columns of all questions, a photo's behind each other. rows: bool, those with values."""
    times = len(records)
    maps = _interleaved([record.maps for record in records])
    warned = _interleaved([record.warnings | bits for record in records])
    indices = _interleaved([record.targets for record in records])
    scale, shares = scaled(maps)
    figures = map_figures(maps)
    arrow = pyarrow()
    targets = np.empty(len(maps), object)
    for k, of_question in enumerate(names):
        targets[k::times] = of_question
    codes = {value: codes_of(value) for value in set(warned.tolist())}
    known, place = ~rows, np.cumsum(rows) - 1
    place = np.where(rows, place, 0)

    def filled(values: np.ndarray, missing: np.ndarray | None = None) -> Any:
        absent = known if missing is None else known | missing[place]
        return arrow.array(values[place], mask=absent)

    flat = np.where(known[:, None], 0, shares.reshape(len(maps), -1)[place]).astype("float16")
    return {
        "target": filled(targets),
        "target_index": filled(indices, indices < 0),
        "score": filled(_interleaved([record.scores for record in records])),
        "top": _top(records, rows),
        "scale": filled(scale),
        "map": arrow.FixedSizeListArray.from_arrays(
            arrow.array(flat.ravel()), flat.shape[1], mask=arrow.array(known)
        ),
        "warnings": arrow.array(
            [codes[int(warned[place[i]])] if rows[i] else None for i in range(len(rows))],
            arrow.list_(arrow.string()),
        ),
        "hottest_row": filled(figures["hottest_row"]),
        "hottest_col": filled(figures["hottest_col"]),
        **{name: filled(*_half(figures[name])) for name in HALVES},
        **_features(records, rows),
    }


def codes_of(bits: int) -> list[str]:
    """The names of warnings that bits stand for."""
    return [code for bit, code in enumerate(CODES) if bits >> bit & 1]


def _half(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Figures in 0..1 as float16, and which of them have no value."""
    missing = ~np.isfinite(values)
    rounded = np.rint(np.where(missing, 0, values) / FIGURE_STEP) * FIGURE_STEP
    return rounded.astype("float16"), missing


def _top(records: Sequence[Maps], rows: np.ndarray) -> Any:
    """list<struct<index, probability>> of the rows that have values; null elsewhere."""
    arrow = pyarrow()
    indices = _interleaved([record.top for record in records]).astype("int32")
    shares = _interleaved([record.probabilities for record in records]).astype("float32")
    kept = (shares.view("uint32") & np.uint32(PROBABILITY_BITS)).view("float32")
    entries = arrow.StructArray.from_arrays(
        [arrow.array(indices.ravel()), arrow.array(kept.ravel())], ["index", "probability"]
    )
    lengths = np.where(rows, indices.shape[1], 0)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype("int32")
    return arrow.ListArray.from_arrays(arrow.array(offsets), entries, mask=arrow.array(~rows))


def _features(records: Sequence[Maps], rows: np.ndarray) -> dict[str, Any]:
    """The column of features, if they were asked; null where there are none."""
    arrow, each = pyarrow(), [record.features for record in records if record.features is not None]
    if not each:
        return {}
    features = _interleaved(each)
    units = features.shape[1]
    values = np.zeros((len(rows), units), "float32")
    values[rows] = features
    missing = ~rows | ~np.isfinite(values).all(axis=1)
    values[missing] = 0
    # to the nearest that is kept
    bits = values.view("uint32").astype("uint64") + (~FEATURE_BITS + 1 & 0xFFFFFFFF) // 2
    kept = (bits.astype("uint32") & np.uint32(FEATURE_BITS)).view("float32")
    return {
        "features": arrow.FixedSizeListArray.from_arrays(
            arrow.array(kept.ravel()), units, mask=arrow.array(missing)
        )
    }


def _interleaved(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """(n, …) of each question → (n · questions, …), those of a photo behind each other."""
    stacked = np.stack(arrays, axis=1)
    # the count said, which no axis of length 0 (the top classes of quantities) tells
    joined: np.ndarray = stacked.reshape(len(stacked) * len(arrays), *stacked.shape[2:])
    return joined


def _repeated(values: list[Any], times: int) -> list[Any]:
    return [value for value in values for _ in range(times)]
