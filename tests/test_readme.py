"""The Python lines of the README run as they stand."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from seewhy.labels import DATA

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_the_python_lines_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(DATA / "chelsea.png", "photo.jpg")
    assert len(BLOCKS) == 2
    names: dict = {}
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec"), names)
    assert Image.open("out.jpg").size == (451, 300)
    assert [e.target.name for e in names["explanations"]] == ["tabby", "Egyptian_cat"]
    assert names["explanation"].target.name == "ok"


@pytest.mark.framework_free
@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_links_and_pictures_exist(page):
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text())
    here = [link for link in links if "://" not in link]
    missing = [link for link in here if not ((ROOT / page).parent / link).exists()]
    assert missing == []
