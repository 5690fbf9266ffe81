"""The Python lines of the README run as they stand."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import keras
import pytest
from PIL import Image

from seewhy.studies.benchmark import measures
from seewhy.targets.labels import DATA, imagenet_labels

pytestmark = pytest.mark.one_backend

ROOT = Path(__file__).parents[1]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/models.md",
    "docs/methods.md",
    "docs/backends.md",
    "docs/concepts.md",
    "docs/metrics.md",
    "docs/locate.md",
    "docs/trust.md",
    "docs/benchmark.md",
    "docs/diff.md",
    "docs/commands.md",
    "docs/pictures.md",
    "docs/pytest.md",
    "docs/store.md",
    "docs/install.md",
    "docs/python.md",
    "docs/reading.md",
    "docs/which_method.md",
    "docs/coming_from.md",
    "docs/troubleshooting.md",
    "docs/agents.md",
    "docs/every_method.md",
]


def run(page):
    """Run the Python lines of a page one after another; their names, and how many blocks."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    names: dict = {}
    for block in blocks:
        exec(compile(block, page, "exec"), names)
    return names, len(blocks)


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_the_python_lines_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(DATA / "chelsea.png", "photo.jpg")
    names, blocks = run("README.md")
    assert blocks == 1
    assert names["explanation"].target.name == "cat"
    assert Image.open("out.jpg").size == (451, 300)


def test_the_readme_fits_one_screen():
    """What it is, a picture, two commands, five lines of Python, five commands."""
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 80
    assert len(re.findall(r"^!\[.{60,}\]\(docs/images/\w+\.jpg\)$", text, re.MULTILINE)) in (1, 2)
    make, install, commands = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    assert [line.split()[1] for line in make.splitlines()] == ["demo", "test"]
    assert install.startswith("pip install ")
    assert [line.split()[0] for line in commands.splitlines()] == ["seewhy"] * 5
    (python,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(python.splitlines()) == 5


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_the_page_on_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(DATA / "chelsea.png", "photo.jpg")
    names, blocks = run("docs/python.md")
    assert blocks == 4
    assert Image.open("out.jpg").size == (451, 300)
    assert [e.target.name for e in names["explanations"]] == ["tabby", "Egyptian_cat"]
    assert names["explanation"].target.name == "ok"
    assert names["why"].target.name == "tabby rather than tiger_cat"
    assert names["maps"].shape == (1, 1000, 7, 7)
    assert len(names["seen"]) == 5
    assert len(list(names["sheet"])) == 6
    assert Image.open("compared.jpg").width > 4 * 400


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_the_page_on_measures_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("cat.jpg", "dog.jpg"):
        shutil.copy(DATA / "chelsea.png", name)
    names, blocks = run("docs/metrics.md")
    assert blocks >= 1
    assert names["maps"].shape == (2, 224, 224)


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_the_page_on_models_runs():
    names, blocks = run("docs/models.md")
    assert blocks == 6
    assert [one.target.name for one in names["explanations"]] == [
        "benign rather than mole",
        "days: value 0",
        "0.5 × (benign and melanoma) rather than mole",
    ]
    assert names["maps"].shape == (1, 3, 30, 30)
    assert len({one.scale for one in names["together"]}) == 1


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_the_page_on_methods_runs_and_is_what_the_registry_says(monkeypatch):
    names, blocks = run("docs/methods.md")
    assert blocks == 1
    assert names["explanation"].options["method"] == {"power": 0.5}
    monkeypatch.syspath_prepend(ROOT / "tools")
    import make_methods

    page = (ROOT / "docs/methods.md").read_text()
    assert page == make_methods.text(), "run: python tools/make_methods.py"


def test_the_page_on_options_is_what_the_record_says(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    import make_options

    page = (ROOT / "docs/options.md").read_text(encoding="utf-8")
    assert page == make_options.text(), "run: python tools/make_options.py"


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_the_page_on_concepts_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(DATA / "chelsea.png", "photo.jpg")
    names, blocks = run("docs/concepts.md")
    assert blocks == 1
    assert names["found"].labels[0][0] == ("Egyptian_cat", pytest.approx(0.33, abs=0.01))
    assert names["found"].labels == names["same"].labels
    assert Image.open("concepts.jpg").width >= 451


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_the_page_on_pictures_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(DATA / "chelsea.png", "photo.jpg")
    names, blocks = run("docs/pictures.md")
    assert blocks == 3
    assert Image.open("map.png").size == (451, 300)
    assert Image.open("both.png").width > 3 * 400
    assert list(names["frame"].target) == ["tabby", "plastic_bag"]
    assert {path.suffix for path in Path().glob("map.*")} == {".png", ".npy", ".npz", ".json"}


@pytest.mark.filterwarnings("ignore")
def test_the_pages_on_trust_and_comparing_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(DATA / "chelsea.png", "photo.jpg")
    names, _ = run("docs/trust.md")
    assert names["trust"].verdict == "pass"
    small = [keras.Input((64, 64, 3)), keras.layers.Rescaling(1 / 255)]
    small += [keras.layers.Conv2D(8, 3, activation="relu", name="units")]
    small += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
    keras.Sequential(small).save("before.keras")
    names, _ = run("docs/diff.md")
    assert names["one"].figure < 0.5
    names, _ = run("docs/locate.md")
    assert names["boxes"][0].score > 0.5
    assert names["mask"].shape == (300, 451)


@pytest.mark.filterwarnings("ignore")
def test_the_page_on_the_benchmark_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(DATA / "chelsea.png", "photo.jpg")
    monkeypatch.setattr(measures, "POINTS", 4)  # the tests' time
    names, _ = run("docs/benchmark.md")
    assert [row.method for row in names["done"].rows if not row.control] == [
        "grad_cam",
        "recipro_cam",
    ]
    assert (tmp_path / "out" / "benchmark.html").exists()
    known = {one.name for one in measures.all_measures()}
    told = set(re.findall(r"[a-z_]{4,}", re.search(r"\| faith.*?\n\n", page("benchmark"), re.S)[0]))
    assert known == told - {"faithfulness", "robustness", "sanity", "localisation", "with", "boxes"}


def page(name):
    return (ROOT / "docs" / f"{name}.md").read_text()


@pytest.mark.framework_free
@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_exist(page):
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)]+)\)", text)
    here = [link for link in links if "://" not in link]
    missing = [
        link for link in here if not ((ROOT / page).parent / link.partition("#")[0]).exists()
    ]
    assert missing == []


@pytest.mark.parametrize(
    "page", ["README.md", "docs/commands.md", "docs/python.md", "docs/locate.md"]
)
def test_classes_of_the_commands_are_there(page):
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if "my.keras" not in line]
    flags = r"--(?:target|why|rather-than|against|true) (\"[^\"]+\"|\S+)"
    asked = [
        name for line in lines for given in re.findall(flags, line) for name in given.split(",")
    ]
    for name in asked:
        wished = name.strip('"')
        # of a list for a store of one's own photos
        if wished not in ("top", "all-top", "melanoma"):
            assert imagenet_labels().find(wished), wished
