"""Write docs/options.md from the explainer's options: python tools/make_options.py"""

from __future__ import annotations

from pathlib import Path

from seewhy.explainer.options import FIELDS

PAGE = Path(__file__).parents[1] / "docs" / "options.md"
HEAD = """# The options of an explainer

Written from `seewhy.explainer.ExplainerOptions` by `python tools/make_options.py`. Python takes
them as keyword arguments of `seewhy.Explainer`, `seewhy.explain`, `seewhy.concepts` and the
studies; the command takes those with a flag. Values that are not allowed are refused, and the
message tells those that are.

| option | flag | default | what it does |
|---|---|---|---|
"""


def text() -> str:
    """The page."""
    lines = []
    for option in FIELDS:
        flag = option.metadata["flag"]
        name = f"`--{flag.name or option.name}`" if flag else "–"
        about = option.metadata["doc"].replace("|", "\\|")
        lines.append(f"| `{option.name}` | {name} | `{option.default!r}` | {about} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
