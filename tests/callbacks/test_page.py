"""The Python lines of docs/training.md run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from nets import watched

pytestmark = pytest.mark.one_backend

PAGE = Path(__file__).parents[2] / "docs" / "training.md"


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_the_python_lines_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, y = watched.data()
    pixels = (x * 255).astype("uint8")
    names = {"model": watched.classifier(), "x": pixels, "y": y}
    names |= {"photos": pixels[:3], "labels": y[:3], "boxes": [[(2, 2, 9, 9)]] * 3}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert len(list(Path("watched").rglob("epoch_*.png"))) == 3 * 11
    assert Image.open("strip.png").width > 600
    assert Image.open("last.png").size == (16, 16)
    assert "seewhy_inside" in Path("log.csv").read_text().splitlines()[0]


def test_all_figures_and_places_are_on_the_page():
    from seewhy.callbacks.destinations.choose import WORDS

    text = PAGE.read_text(encoding="utf-8")
    watch = watched_figures()
    assert all(f"| `{name}` |" in text for name in watch)
    assert all(f'`"{word}"`' in text for word in WORDS)


def watched_figures():
    from seewhy.callbacks import Watch

    x, y = watched.data()
    watch = Watch((x[:2], y[:2]), boxes=[[(2, 2, 9, 9)]] * 2, prepared=True)
    (logs,) = watched.without_training(watched.classifier(), watch)
    return [name for name in logs if name.startswith("seewhy_")]
