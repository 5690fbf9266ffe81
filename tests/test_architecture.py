"""Packages stand in an order, each imports only from those before it, and stays small."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import seewhy

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import make_architecture  # noqa: E402

pytestmark = pytest.mark.framework_free

SOURCE = Path(seewhy.__file__).parent.parent
LEVEL = {name: level for level, names in enumerate(make_architecture.ORDER) for name in names}
FRAMEWORKS = {"tensorflow", "jax", "torch", "openvino"}
BESIDE_PACKAGES = {
    "__init__",
    "__main__",
    "_version",
    "errors",
    "free_memory",
    "progress",
    "checks",
} | {"ground_truth"}
"""All modules that may stand beside the packages."""
LONG_FILE, MANY_FILES, LONG_FUNCTION = 300, 15, 40


def modules(source: Path) -> dict[str, ast.Module]:
    """The syntax tree of each module, by its dotted name."""
    trees = {}
    for path in sorted(source.rglob("*.py")):
        name = ".".join(path.relative_to(source).with_suffix("").parts)
        trees[name.removesuffix(".__init__")] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


TREES = modules(SOURCE)
FILES = sorted(SOURCE.rglob("*.py"))


def package(module: str) -> str:
    """The package of a module; the module itself where it stands beside the packages."""
    first, *rest = module.split(".")
    if first == "seewhy_pytest":
        return first
    return rest[0] if rest else "__init__"


def imports(trees: dict[str, ast.Module], module: str) -> Iterator[str]:
    """Modules of seewhy that one imports: at once, late, or for types only."""
    for node in ast.walk(trees[module]):
        if isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names = [f"{base}.{alias.name}" for alias in node.names]
            found = [name if name in trees else base for name in names]
        elif isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        else:
            continue
        yield from (name for name in found if name.split(".")[0] in ("seewhy", "seewhy_pytest"))


def wrong_arrows(trees: dict[str, ast.Module]) -> list[str]:
    """Imports against the order, as "module → imported"."""
    wrong = []
    for module in trees:
        for imported in imports(trees, module):
            own, other = package(module), package(imported)
            meant = own == other or (own, other) in make_architecture.BESIDE
            if not meant and LEVEL[other] >= LEVEL[own]:
                wrong.append(f"{module} → {imported}")
    return wrong


def circles(trees: dict[str, ast.Module]) -> list[set[str]]:
    """Modules that import each other, directly or through others."""
    arrows = {module: set(imports(trees, module)) & set(trees) for module in trees}
    reached: dict[str, set[str]] = {}
    for module in trees:
        seen: set[str] = set()
        ahead = list(arrows[module])
        while ahead:
            other = ahead.pop()
            if other not in seen:
                seen.add(other)
                ahead += arrows[other]
        reached[module] = seen
    rings = [{o for o in seen if module in reached[o]} for module, seen in reached.items()]
    return [ring for k, ring in enumerate(rings) if ring and ring not in rings[:k]]


def test_every_package_has_its_place_in_the_order():
    assert {package(module) for module in TREES} == set(LEVEL)


def test_imports_follow_the_order():
    assert not wrong_arrows(TREES)


@pytest.mark.parametrize(
    "line",
    [
        "from seewhy.plan import cuts",
        "def late():\n    from seewhy.cli.session import quiet",
        "if TYPE_CHECKING:\n    from seewhy.results.explanation import Explanation",
        "import seewhy.run.runner",
        "from seewhy.metrics import sanity",
    ],
)
def test_an_import_against_the_order_is_found(line):
    trees = TREES | {"seewhy.render.pictures": ast.parse(line)}
    assert len(wrong_arrows(trees)) == 1


def test_no_modules_import_each_other():
    assert not circles(TREES)


def test_a_circle_is_found():
    late = "def late():\n    from seewhy.explainer.explainer import Explainer"
    (ring,) = circles(TREES | {"seewhy.explainer.trust": ast.parse(late)})
    assert ring == {"seewhy.explainer.explainer", "seewhy.explainer.trust"}


def test_frameworks_are_imported_by_the_backends_only():
    for module, tree in TREES.items():
        names = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").split(".")[0])
        if package(module) != "backend":
            assert not names & FRAMEWORKS, module
        if package(module) in ("images", "maps", "render", "annotations", "results"):
            assert "keras" not in names, module


def private_reaches(tree: ast.Module) -> list[str]:
    """Private attributes of other objects that are looked up."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]


def test_nobody_reaches_into_private_members():
    assert {
        module: private_reaches(tree) for module, tree in TREES.items() if private_reaches(tree)
    } == {}
    assert private_reaches(ast.parse("explainer._runner.compiled")) == ["explainer._runner"]


def code_lines(function: ast.FunctionDef, lines: list[str]) -> int:
    """Lines of a function's body, without its docstring, blank lines and comments."""
    first, *rest = function.body
    is_doc = isinstance(first, ast.Expr) and isinstance(getattr(first, "value", None), ast.Constant)
    start = (rest[0].lineno if rest else function.end_lineno + 1) if is_doc else first.lineno
    body = (line.strip() for line in lines[start - 1 : function.end_lineno])
    return sum(bool(line) and not line.startswith("#") for line in body)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_files_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert len(lines) <= LONG_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert code_lines(node, lines) <= LONG_FUNCTION, node.name


def test_packages_are_small_and_only_the_public_face_stands_beside_them():
    for folder in {path.parent for path in FILES}:
        assert len(list(folder.glob("*.py"))) <= MANY_FILES, folder
    assert {path.stem for path in (SOURCE / "seewhy").glob("*.py")} == BESIDE_PACKAGES


def shown_names(tree: ast.Module, face: str) -> set[str]:
    """What a package's face takes out of the package's own modules."""
    return {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{face}.")
        for alias in node.names
    }


def test_no_file_bears_the_name_of_what_its_face_shows():
    for path in FILES:
        if path.name == "__init__.py":
            face = ".".join(path.parent.relative_to(SOURCE).parts)
            stems = {file.stem for file in path.parent.glob("*.py")}
            assert not shown_names(TREES[face], face) & stems, face
    broken = ast.parse("from seewhy.maps.fuse import fuse")
    assert shown_names(broken, "seewhy.maps") == {"fuse"}


def test_the_picture_of_the_packages_is_current():
    page = make_architecture.PAGE.read_text(encoding="utf-8")
    assert page == make_architecture.text(page), "run: python tools/make_architecture.py"
    for name in LEVEL:
        assert make_architecture.about(name), name
