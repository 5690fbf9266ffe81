"""The pages that the site is made of, as far as they can be checked without building it."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.framework_free

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SCRIPTS = sorted((DOCS / "gallery_scripts").glob("plot_*.py"))
PAGES = sorted(DOCS.glob("*.md"))
sys.path[:0] = [str(ROOT / "tools"), str(DOCS)]


def test_there_are_twenty_scripts_and_more():
    assert len(SCRIPTS) >= 20
    assert len({path.name.split("_")[1] for path in SCRIPTS}) == len(SCRIPTS)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_says_what_it_shows_and_needs_nothing_else(path):
    """A title and a sentence, and only packages that the build installs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    title, line, _, *text = (ast.get_docstring(tree) or "").splitlines()
    assert set(line) == {"="}
    assert len(line) == len(title)
    assert len(" ".join(text)) > 60
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert "seewhy" in imported
    helpers = {"keras", "numpy", "PIL", "matplotlib", "__future__"}
    assert imported - helpers - {"seewhy"} <= set(sys.stdlib_module_names)


def toctrees():
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL)
    return [
        line for block in blocks for line in block.splitlines() if line and not line.startswith(":")
    ]


def test_every_page_is_in_the_site():
    named = toctrees()
    assert len(set(named)) == len(named)
    assert {page.stem for page in PAGES} - {"index"} == {each for each in named if "/" not in each}
    for each in named:
        if each.startswith("gallery/plot_"):
            assert (DOCS / "gallery_scripts" / f"{each.split('/')[1]}.py").exists(), each


def anchors(page):
    """As GitHub and MyST name the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.M)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.stem)
def test_links_lead_to_pages_and_to_headings_in_them(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "`", text)):
        path, _, anchor = link.partition("#")
        if "://" in link:
            assert re.fullmatch(r"https://[\w.-]+\.[a-z]+(/[\w./~-]*)?", link), link
            continue
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_list_for_language_models_leads_to_pages():
    text = (DOCS / "llms.txt").read_text(encoding="utf-8")
    assert text.startswith("# seewhy\n\n> ")
    links = re.findall(r"^- \[[^\]]+\]\(([^)]+)\): \S", text, re.MULTILINE)
    assert len(links) == text.count("\n- ")
    for link in links:
        folder, _, name = link.rpartition("/")
        # the site has the pages as they are written in _sources, and the skill at its root
        assert folder in ("", "_sources"), link
        assert (DOCS / name if folder else DOCS / "skill" / name).exists(), link
    assert {"_sources/install.md", "_sources/methods.md", "SKILL.md"} <= set(links)


def texts_of_source():
    """All texts in the source, as they are printed: … stands for what is put in."""
    found = []
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [v.value if isinstance(v, ast.Constant) else "…" for v in node.values]
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def test_messages_that_are_explained_are_those_of_the_source():
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### (.*)$", page, re.MULTILINE)
    assert len(headings) >= 40
    known = texts_of_source()
    for heading in headings:
        text = re.fullmatch(r"`(.+)`", heading)[1]
        parts = [part for part in text.split("…") if part.strip(" ().:'")]
        pattern = re.compile(".*?".join(map(re.escape, parts)), re.DOTALL)
        assert max(map(len, parts)) >= 10, text
        assert any(pattern.search(each) for each in known), text
        told = page.split(f"{heading}\n\n")[1].split("\n\n")[0]
        assert len(told) > 20, text


def test_tables_are_those_of_the_pages_that_they_are_from():
    import make_which_method

    page = (DOCS / "which_method.md").read_text(encoding="utf-8")
    assert page == make_which_method.text(), "run: python tools/make_which_method.py"
    assert page.count("\n| `") > 10


@pytest.mark.parametrize(
    ("lines", "markup"),
    [
        (["Does it."], ["Does it.", ""]),
        (
            ["Does it.", "", "model: a model,", "    or two. size: of `x`.", "Raises Error."],
            [
                "Does it.",
                "",
                "- **model**: a model, or two. size: of ``x``.",
                "",
                "Raises Error.",
                "",
                "",
            ],
        ),
        (["a*b, c_ and |d|"], [r"a\*b, c\_ and \|d\|", ""]),
    ],
)
def test_docstrings_are_read_as_sentences_not_as_markup(lines, markup):
    from site_parts.plain_docstrings import as_markup

    assert [line for line in as_markup(lines) if line] == [line for line in markup if line]


def test_a_site_that_loads_from_elsewhere_or_leads_nowhere_is_found_out(tmp_path):
    from check_site import faults

    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "a.css").write_text(
        "a {background: url(https://cdn.example.org/b.png)}"
    )
    (tmp_path / "good.html").write_text(
        '<h1 id="here">x</h1><a href="#here"></a><a href="https://arxiv.org/abs/1"></a>'
        '<img src="data:image/png;base64,aa"><a href="mailto:a@b.org"></a>'
    )
    (tmp_path / "bad.html").write_text(
        '<script src="https://cdn.example.org/a.js"></script><img src="//cdn.example.org/c.png">'
        '<link rel="stylesheet" href="http://cdn.example.org/d.css"><link rel="canonical" '
        'href="https://example.org/"><a href="gone.html"></a><a href="good.html#gone"></a>'
        '<a href="http://nowhere"></a><img srcset="https://cdn.example.org/large.png 2x">'
        '<img src="gone.png"><p style="background: url(https://cdn.example.org/f.png)">'
    )
    found, hosts = faults(tmp_path)
    assert len(found) == 10, found
    assert (
        sum(name in line for line in found for name in ("a.js", "c.png", "d.css", "large.png")) == 4
    )
    assert sum("f.png" in line or "b.png" in line for line in found) == 2
    assert hosts == {"arxiv.org": 1, "example.org": 1, "nowhere": 1}


def test_make_docs_builds_with_warnings_as_errors_and_checks():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\ndocs:")[1].split("\n\n")[0]
    assert "-m sphinx" in recipe
    assert " -W " in recipe
    assert "tools/check_site.py" in recipe
