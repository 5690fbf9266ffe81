"""What pages of the site call, as it is called: every name exists, and takes what it is given."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import shutil
from pathlib import Path

import pytest

import seewhy
from helpers.commands import run_command
from seewhy import enhance, methods, targets
from seewhy.data import FOLDER
from seewhy.metrics import faithfulness, robustness, sanity

pytestmark = pytest.mark.one_backend

DOCS = Path(__file__).parents[2] / "docs"
NAMES = {
    "seewhy": seewhy,
    "targets": targets,
    "enhance": enhance,
    "faithfulness": faithfulness,
    "robustness": robustness,
    "sanity": sanity,
    "explainer": seewhy.Explainer,
    "explanation": seewhy.Explanation,
}
GIVES = {"explainer": seewhy.Explanations, "explainer[0]": seewhy.Explanation}


def calls():
    """The code in the last column of each table of the page."""
    page = (DOCS / "coming_from.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| .* \| (.*) \|$", page, re.MULTILINE)
    codes = [code for row in rows for code in re.findall(r"`([^`]+)`", row)]
    return [code for code in codes if re.match(r"[a-z_]+[.(\[]", code)]


def named(node):
    """What a name, or a name of a name, stands for."""
    if isinstance(node, ast.Name):
        return NAMES[node.id]
    if isinstance(node, ast.Subscript):
        return GIVES["explainer[0]"]
    if isinstance(node, ast.Call):
        return GIVES["explainer"]
    owner = named(node.value)
    known = getattr(owner, "__dataclass_fields__", {})
    return known[node.attr] if node.attr in known else getattr(owner, node.attr)


def check_call(call):
    function = named(call.func)
    if function is seewhy.Explainer and isinstance(call.func, ast.Name):
        function = seewhy.Explainer.__call__
    signature = inspect.signature(function)
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    owner = isinstance(call.func, ast.Attribute) and inspect.isclass(named(call.func.value))
    bound = owner or function is seewhy.Explainer.__call__
    signature.bind(*([None] * (len(call.args) + bound)), **given)
    if "method" in given and isinstance(given["method"], ast.Constant):
        options = ast.literal_eval(given["options"]) if "options" in given else None
        methods.get_method(given["method"].value, options)


def test_there_are_tables_for_five_packages():
    page = (DOCS / "coming_from.md").read_text(encoding="utf-8")
    heads = ("pytorch-grad-cam", "tf-keras-vis", "Xplique", "captum", "shap")
    assert [name for name in heads if f"\n## {name}" in page] == [*heads]
    assert len(calls()) > 60


@pytest.mark.parametrize("code", sorted(set(calls())))
def test_a_call_that_stands_for_anothers_can_be_made(code):
    tree = ast.parse(code, mode="eval")
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in found:
        if isinstance(call.func, ast.Name | ast.Attribute):
            check_call(call)
    if not found:
        assert named(tree.body) is not None


def test_a_call_that_cannot_be_made_is_found_out():
    for wrong in ("seewhy.Explainer(model, metod='rise')", "seewhy.explian(model)", "targets.x(1)"):
        with pytest.raises((TypeError, AttributeError)):
            check_call(ast.parse(wrong, mode="eval").body)
    with pytest.raises(seewhy.errors.MethodError):
        check_call(ast.parse("seewhy.Explainer(m, method='no-such')", mode="eval").body)


PAGES = [*DOCS.glob("*.md"), DOCS.parent / "README.md", DOCS / "skill" / "SKILL.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_the_lines_of_a_page_import_is_there(page):
    blocks = re.findall(r"```(?:python|py)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for block in blocks:
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seewhy"):
                module = importlib.import_module(node.module)
                assert [each.name for each in node.names if not hasattr(module, each.name)] == []


def reference():
    text = "\n".join(page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.rst"))
    return re.findall(r"^   ((?:seewhy|seewhy_pytest)\.[\w.]+)$", text, re.MULTILINE)


@pytest.mark.parametrize("name", reference())
def test_a_name_of_the_reference_exists_and_says_what_it_is(name):
    module, _, last = name.rpartition(".")
    value = getattr(importlib.import_module(module), last)
    assert inspect.getdoc(value) or not callable(value)


def test_the_reference_has_all_public_names():
    listed = set(reference())
    packages = (
        *("targets", "enhance", "render", "datasets", "audit", "ground_truth", "callbacks"),
        *("metrics.faithfulness", "metrics.localisation"),
    )
    for package in packages:
        module = importlib.import_module(f"seewhy.{package}")
        assert {f"seewhy.{package}.{name}" for name in module.__all__} <= listed
    errors = {name for name, value in vars(seewhy.errors).items() if inspect.isclass(value)}
    assert {f"seewhy.errors.{name}" for name in errors if name != "FrameType"} <= listed
    heads = "\n".join(page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.rst"))
    for name in set(seewhy.__all__) - {"__version__"}:
        assert f"seewhy.{name}" in heads, name


def test_shorter_options_of_the_page_of_pictures_are_options(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    from site_parts.every_method import SHORTER

    for name, options in SHORTER.items():
        assert methods.get_method(name, options).name == name


@pytest.fixture
def skill(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(FOLDER / "chelsea.png", "photo.jpg")
    return (DOCS / "skill" / "SKILL.md").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore")
def test_the_commands_of_the_skill_run(skill, monkeypatch, capsys):
    import json
    import shlex

    assert re.match(r"---\nname: seewhy\ndescription: .+\n---\n", skill)
    blocks = re.findall(r"```console\n(.*?)```", skill, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) >= 10
    for line in lines:
        words = shlex.split(line, comments=True)
        assert words[0] == "seewhy"
        status, out, told = run_command(monkeypatch, capsys, *words[1:])
        assert status == 0, (line, told)
        if "--json" in words:
            json.loads(out)
    for status, wrong in ((1, "nosuch"), (1, "gone.jpg"), (2, "--metod")):
        words = ["photo.jpg", "--target", wrong] if wrong == "nosuch" else [wrong]
        assert run_command(monkeypatch, capsys, "explain", *words)[0] == status, wrong


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_the_python_lines_of_the_skill_run(skill):
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", skill, re.DOTALL):
        exec(compile(block, "SKILL.md", "exec"), names)
    assert names["trust"].answer == "yes"
    assert len(names["maps"].maps) == 4
    assert Path("why.jpg").exists()
