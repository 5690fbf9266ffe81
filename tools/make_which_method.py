"""Write the tables of docs/which_method.md from other pages: python tools/make_which_method.py"""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "which_method.md"
NETWORK, BACKEND = "ResNet50", "tensorflow"
METHODS = (
    *("grad_cam", "hires_cam", "layer_cam", "finer_cam", "eigen_cam", "recipro_cam", "full_grad"),
    *("gradient", "group_cam", "occlusion", "integrated_gradients", "score_cam", "rise"),
    "extremal_perturbation",
)
SETTINGS = (
    "224",
    "384",
    "224 and 384, mean, power 1.5",
    "**224 and 384, geometric, power 1.5**",
)


def text() -> str:
    """The page, with both tables as the other pages have them now."""
    page = PAGE.read_text(encoding="utf-8")
    page = _filled(page, "costs", _costs((DOCS / "costs.md").read_text(encoding="utf-8")))
    return _filled(page, "locating", _locating((DOCS / "locate.md").read_text(encoding="utf-8")))


def _filled(page: str, name: str, table: list[str]) -> str:
    start = re.search(rf"<!-- {name}: [^\n]*-->\n", page)
    if start is None:
        raise ValueError(f"{PAGE} has no place for the table of {name}")
    end = page.index("<!-- end -->", start.end())
    return page[: start.end()] + "\n" + "\n".join(table) + "\n\n" + page[end:]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _costs(page: str) -> list[str]:
    rows = page.split(f"## {NETWORK}\n")[1].split("\n## ")[0].strip().splitlines()
    column = _cells(rows[0]).index(BACKEND)
    known = {}
    for row in rows[2:]:
        cells = _cells(row)
        name = re.match(r"`(\w+)`", cells[0])
        if name:
            known[name[1]] = (cells[0], cells[column])
    table = ["| method | forward passes (seconds) |", "|---|---|"]
    return table + ["| {} | {} |".format(*known[name]) for name in METHODS]


def _locating(page: str) -> list[str]:
    rows = page.split("| bundled network, Grad-CAM |")[1].splitlines()
    known = {cells[0]: cells for cells in map(_cells, rows[2:]) if len(cells) > 4}
    table = ["| Grad-CAM at | passes | pointing | energy | MaxBoxAcc |", "|---|---|---|---|---|"]
    return table + [f"| {' | '.join(known[name][:5])} |" for name in SETTINGS]


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
