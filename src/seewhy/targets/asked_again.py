"""Questions as plain values, so that what was asked of a model can be written down and asked again.

A question is {"kind": …} with what that kind needs; sums and multiples hold the questions that
they are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seewhy.targets import builders, dense_builders
from seewhy.targets.labels import Group, Labels
from seewhy.targets.question import UnresolvedTarget, class_target
from seewhy.targets.target import Target

DEEPEST = 20
"""Questions within questions."""
MOST_VALUES = 20_000
"""Positions of a region, classes of a group, and values of an embedding that are written down."""


def asked(target: Target) -> dict[str, Any] | None:
    """A question as plain values; None where it holds a function of the user's, or is too large."""
    return _plain(target.kind, target.values)


def flag_words(target: Target, labels: Labels, name: str) -> str | None:
    """What `--target` takes to ask it; None where it does not take such questions.

    name: of what the map speaks of.
    """
    plain = asked(target) or {}
    if plain.get("kind") == "rank" and plain["rank"] == 0:
        return "top"
    if plain.get("kind") == "class" and plain["scores"] is None:
        return str(plain["index"])
    group = plain.get("kind") == "group" and plain["scores"] is None
    return name if group and tuple(plain["indices"]) == labels.groups.get(name) else None


def _plain(kind: Any, values: Sequence[np.ndarray]) -> dict[str, Any] | None:
    match kind:
        case ("class", _, scores):
            return {"kind": "class", "index": int(values[0]), "scores": scores}
        case ("group", _, scores):
            return _places("group", values[0], {"scores": scores})
        case ("rank", _):
            return {"kind": "rank", "rank": int(values[0])}
        case ("unit", _):
            return {"kind": "unit", "unit": int(values[0])}
        case ("likely", _):
            return {"kind": "likely", "threshold": float(values[0])}
        case ("several", _):
            return _places("several", values[0], {})
        case ("region", _):
            area = _places("region", values[1].ravel(), {"space": list(values[1].shape)})
            return area and area | {"index": int(values[0])}
        case ("box", _, _):
            place = [int(axis[0]) for axis in np.nonzero(values[0])]
            return {"kind": "box", "place": place, "index": int(values[1]) if values[1:] else None}
        case ("similar", _) if values[0].size <= MOST_VALUES:
            return {"kind": "similar", "to": [float(value) for value in values[0].ravel()]}
        case ("sum", sign, cut, first, second):
            parts = (_plain(first, values[:cut]), _plain(second, values[cut:]))
            known = None not in parts
            return {"kind": "sum", "sign": float(sign), "of": list(parts)} if known else None
        case ("scaled", factor, inner):
            part = _plain(inner, values)
            return part and {"kind": "scaled", "factor": float(factor), "of": part}
        case ("output", k, inner):
            part = _plain(inner, values)
            return part and {"kind": "output", "output": int(k), "of": part}
    return None


def _places(kind: str, mask: np.ndarray, more: Mapping[str, Any]) -> dict[str, Any] | None:
    indices = np.flatnonzero(mask)
    if len(indices) > MOST_VALUES:
        return None
    return {"kind": kind, "indices": [int(k) for k in indices], **more}


def ask_again(plain: Any, words: str = "", depth: int = 0) -> UnresolvedTarget:
    """The question that plain values tell.

    words: what it asks, as a group is called by. Raises ValueError for what is no question.
    """
    if not isinstance(plain, Mapping) or depth > DEEPEST:
        raise ValueError("its question is not one that can be read")
    ask = _ASK.get(str(plain.get("kind")))
    if ask is None:
        raise ValueError("its question is of an unknown kind")
    return ask(plain, words, depth + 1)


def _class(plain: Mapping[str, Any], words: str, depth: int) -> UnresolvedTarget:  # noqa: ARG001
    index, scores = _whole(plain, "index"), _scores(plain)
    return UnresolvedTarget(words, lambda context: class_target(index, context, scores))


def _group(plain: Mapping[str, Any], words: str, depth: int) -> UnresolvedTarget:  # noqa: ARG001
    group, scores = Group(words, tuple(_wholes(plain, "indices"))), _scores(plain)
    return UnresolvedTarget(words, lambda context: class_target(group, context, scores))


def _region(plain: Mapping[str, Any], words: str, depth: int) -> UnresolvedTarget:  # noqa: ARG001
    space = _wholes(plain, "space")
    if len(space) > 4 or np.prod(space, dtype=float) > 1e8:
        raise ValueError("its question is about too large a region")
    mask = np.zeros(space, bool)
    indices = _wholes(plain, "indices")
    if max(indices, default=0) >= mask.size:
        raise ValueError("its question is about positions that there are not")
    mask.ravel()[indices] = True
    return dense_builders.region(_whole(plain, "index"), mask=mask)


def _box(plain: Mapping[str, Any], words: str, depth: int) -> UnresolvedTarget:  # noqa: ARG001
    wanted = None if plain.get("index") is None else _whole(plain, "index")
    return dense_builders.box(_wholes(plain, "place"), wanted)


def _similar(plain: Mapping[str, Any], words: str, depth: int) -> UnresolvedTarget:  # noqa: ARG001
    values = plain.get("to")
    if not isinstance(values, list) or not 0 < len(values) <= MOST_VALUES:
        raise ValueError("its question is about no embedding")
    return dense_builders.similarity([_number({"to": value}, "to") for value in values])


def _sum(plain: Mapping[str, Any], words: str, depth: int) -> UnresolvedTarget:
    parts = plain.get("of")
    if not isinstance(parts, list) or len(parts) != 2:
        raise ValueError("its question is no sum of two")
    first, second = (ask_again(part, words, depth) for part in parts)
    return first - second if _number(plain, "sign") < 0 else first + second


_ASK: dict[str, Callable[[Mapping[str, Any], str, int], UnresolvedTarget]] = {
    "class": _class,
    "group": _group,
    "rank": lambda plain, _, __: builders.top(_whole(plain, "rank")),
    "unit": lambda plain, _, __: builders.regression(_whole(plain, "unit")),
    "likely": lambda plain, _, __: builders.multi_label(threshold=_number(plain, "threshold")),
    "several": lambda plain, _, __: builders.multi_label(_wholes(plain, "indices")),
    "region": _region,
    "box": _box,
    "similar": _similar,
    "sum": _sum,
    "scaled": lambda plain, words, depth: (
        _number(plain, "factor") * ask_again(plain.get("of"), words, depth)
    ),
    "output": lambda plain, words, depth: builders.output(
        _whole(plain, "output"), ask_again(plain.get("of"), words, depth)
    ),
}


def _whole(plain: Mapping[str, Any], name: str) -> int:
    value = plain.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise ValueError(f"its question has no whole number {name!r}")
    return value


def _wholes(plain: Mapping[str, Any], name: str) -> list[int]:
    values = plain.get(name)
    if not isinstance(values, list) or not 0 < len(values) <= MOST_VALUES:
        raise ValueError(f"its question has no list {name!r}")
    return [_whole({name: value}, name) for value in values]


def _number(plain: Mapping[str, Any], name: str) -> float:
    value = plain.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e30:
        raise ValueError(f"its question has no number {name!r}")
    return float(value)


def _scores(plain: Mapping[str, Any]) -> str | None:
    scores = plain.get("scores")
    if scores not in (None, "logits", "probabilities"):
        raise ValueError("its question asks for unknown scores")
    return scores
