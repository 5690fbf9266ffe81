"""Write the picture of the packages into docs/architecture.md: python tools/make_architecture.py

The picture is made of `ORDER`, which tests/test_architecture.py holds the imports to, and of the
packages' own docstrings.
"""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
PAGE = ROOT / "docs" / "architecture.md"
START, END = "<!-- packages: written by tools/make_architecture.py -->", "<!-- end of packages -->"

ORDER = (
    ("errors", "progress", "_version", "data", "checks", "free_memory"),
    ("backend", "images", "network"),
    ("maps", "enhance", "models", "targets"),
    ("methods", "metrics", "render", "annotations", "ground_truth"),
    ("plan", "results"),
    ("run",),
    ("explainer",),
    ("studies", "datasets", "seewhy_pytest"),
    ("audit", "callbacks"),
    ("app",),
    ("cli",),
    ("__init__", "__main__"),
)
"""Lowest first: a package imports from lines above its own, not from its neighbours."""
BESIDE = (
    *(("checks", "errors"), ("ground_truth", "annotations"), ("__main__", "cli")),
    ("datasets", "studies"),
)
"""Arrows between neighbours that are meant."""
WIDTH = 100


def text(page: str) -> str:
    """The page with the picture in its place."""
    before, rest = page.split(START)
    return f"{before}{START}\n```text\n{picture()}\n```\n{END}{rest.split(END)[1]}"


def picture() -> str:
    """The packages from the highest line down, each with what it is for."""
    name_width = max(len(name) for names in ORDER for name in names)
    lines: list[str] = []
    for names in reversed(ORDER):
        for name in names:
            wrapped = textwrap.wrap(about(name), WIDTH - name_width - 2)
            lines += [
                f"{name if k == 0 else '':<{name_width}}  {line}" for k, line in enumerate(wrapped)
            ]
        lines.append("      ↓ imports")
    return "\n".join(lines[:-1])


def about(name: str) -> str:
    """The first sentence of a package's or module's docstring."""
    folder = SOURCE if name == "seewhy_pytest" else SOURCE / "seewhy"
    path = folder / name / "__init__.py"
    path = path if path.exists() else folder / f"{name}.py"
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = " ".join(doc.split("\n\n")[0].split())
    return first.split(". ")[0].split("; ")[0].rstrip(".")


if __name__ == "__main__":
    PAGE.write_text(text(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
