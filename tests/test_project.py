"""What the project says of itself, as far as it can be checked without building it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import seewhy

pytestmark = pytest.mark.framework_free

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TARGETS = PROJECT["tool"]["hatch"]["build"]["targets"]
SOURCE = ROOT / "src"


def test_all_links_are_there_and_in_one_place():
    links = PROJECT["project"]["urls"]
    assert set(links) == {"Documentation", "Source", "Issues", "Changelog"}
    hosts = {re.match(r"https://([^/]+)/", link)[1] for link in links.values()}
    assert len(hosts) == 1
    (host,) = hosts
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *SOURCE.rglob("*.py")]
    assert not [path for path in texts if host in path.read_text(encoding="utf-8")]


def test_the_files_that_are_named_exist():
    project = PROJECT["project"]
    named = [project["readme"], *project["license-files"], *TARGETS["sdist"]["include"]]
    named += [*TARGETS["wheel"]["packages"], PROJECT["tool"]["hatch"]["version"]["path"]]
    assert not [name for name in named if not (ROOT / name).exists()]


def ignored(path):
    """Whether a pattern of .gitignore names the file: what git ignores is in no wheel."""
    patterns = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    parts = path.relative_to(ROOT)
    return any(
        parts.match(pattern.strip("/")) or Path(*parts.parts[:k]).match(pattern.strip("/"))
        for pattern in patterns
        for k in range(1, len(parts.parts) + 1)
        if not pattern.startswith("/") or k == len(Path(pattern.strip("/")).parts)
    )


def test_all_data_is_in_the_wheel():
    packages = [ROOT / name for name in TARGETS["wheel"]["packages"]]
    data = [path for path in SOURCE.rglob("*") if path.is_file() and path.suffix != ".py"]
    data = [path for path in data if "__pycache__" not in path.parts]
    names = {str(path.relative_to(SOURCE)) for path in data}
    assert {"seewhy/py.typed", "seewhy_pytest/py.typed", "seewhy/data/chelsea.png"} <= names
    assert any(name.startswith("seewhy/render/templates/") for name in names)
    for path in data:
        assert any(package in path.parents for package in packages), path
        assert not ignored(path), path
    assert ignored(ROOT / "dist" / "seewhy.whl")
    assert ignored(SOURCE / "seewhy" / "__pycache__" / "checks.pyc")


def test_every_package_has_an_init():
    folders = {path.parent for path in SOURCE.rglob("*.py")}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_entry_points_exist():
    module, _, name = PROJECT["project"]["scripts"]["seewhy"].partition(":")
    assert f"def {name}(" in (SOURCE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    plugin = PROJECT["project"]["entry-points"]["pytest11"]["seewhy"]
    assert (SOURCE / plugin / "__init__.py").exists()


@pytest.mark.parametrize("page", ["README.md", "docs/install.md"])
def test_pages_say_what_can_be_installed_today(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    heading = "## Install" if page == "README.md" else "# Install"
    install = text.split(f"{heading}\n")[1].split("\n## ")[0]
    assert "not on PyPI" in install
    lines = re.findall(r"^pip install (\S+)", install, re.MULTILINE)
    assert lines
    for line in lines:
        name, _, extra = line.strip('"').partition("[")
        assert name in (".", f"dist/seewhy-{seewhy.__version__}-py3-none-any.whl")
        assert extra.rstrip("]") in PROJECT["project"]["optional-dependencies"]


def test_the_page_on_installing_tells_all_extras():
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    told = {name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)}
    assert told == set(PROJECT["project"]["optional-dependencies"]) - {"test", "check"}


def test_what_installs_without_asking_is_no_backend_and_no_helper():
    needed = {re.match(r"[\w-]+", line)[0] for line in PROJECT["project"]["dependencies"]}
    assert needed == {
        *("keras", "numpy", "scipy", "pillow", "matplotlib", "typer", "rich", "jinja2", "pyyaml"),
    }
    for path in SOURCE.rglob("*.py"):
        assert "typing_extensions" not in path.read_text(encoding="utf-8"), path


def test_make_dist_builds_and_checks():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\ndist:")[1].split("\n\n")[0]
    assert "-m build" in recipe
    assert "tools/check_wheel.py" in recipe
