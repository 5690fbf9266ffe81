"""Layers as a tree of text: by the models around them, and by the size of their grids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Row(Protocol):
    """What a line tells of one layer."""

    @property
    def path(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def grid(self) -> tuple[int, ...]: ...
    @property
    def units(self) -> int: ...
    @property
    def behind(self) -> float: ...
    @property
    def default(self) -> bool: ...
    @property
    def why(self) -> str: ...


@dataclass
class _Node:
    """A line of the tree, with those below it."""

    text: str
    row: Row | None = None
    below: list[_Node] = field(default_factory=list)


def tree_lines(model: str, size: Sequence[int], rows: Sequence[Row]) -> list[str]:
    """The tree as lines of text, the default in the headline and marked.

    Layers stand below the models that they are in, and together where their grids are of one size.
    """
    drawn = list(_drawn(_tree(rows)))
    names = max((len(text) for text, _ in drawn), default=0)
    kinds = max((len(row.kind) for row in rows), default=0)
    units = max((len(str(row.units)) for row in rows), default=0)
    lines = [f"{model}, for an input of {_sides(size)}"]
    lines += [f"default: {row.path}, {row.why}" for row in rows if row.default]
    for text, row in drawn:
        if row is None:
            lines.append(text)
            continue
        mark = "  ← default" if row.default else ""
        figures = f"{row.units:>{units}} units  {row.behind:>5.1%} behind"
        lines.append(f"{text:<{names}}  {row.kind:<{kinds}}  {figures}{mark}")
    return lines


def _tree(rows: Sequence[Row]) -> list[_Node]:
    root = _Node("")
    path: list[_Node] = [root]
    for row in rows:
        *around, name = row.path.split("/")
        kept = 0
        while kept < min(len(around), len(path) - 1) and path[kept + 1].text == f"{around[kept]}/":
            kept += 1
        del path[kept + 1 :]
        for part in around[kept:]:
            path[-1].below.append(_Node(f"{part}/"))
            path.append(path[-1].below[-1])
        grid = f"{_sides(row.grid)} cells"
        if not path[-1].below or path[-1].below[-1].text != grid:
            path[-1].below.append(_Node(grid))
        path[-1].below[-1].below.append(_Node(name, row))
    return root.below


def _drawn(nodes: Sequence[_Node], before: str = "") -> Iterator[tuple[str, Row | None]]:
    for k, node in enumerate(nodes):
        last = k == len(nodes) - 1
        yield f"{before}{'└─ ' if last else '├─ '}{node.text}", node.row
        yield from _drawn(node.below, f"{before}{'   ' if last else '│  '}")


def _sides(sides: Sequence[int]) -> str:
    return " × ".join(map(str, sides))
