"""Packages stand in an order, and each imports only from those before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import seewhy

pytestmark = pytest.mark.framework_free

SOURCE = Path(seewhy.__file__).parent.parent
ORDER = (
    ("errors", "progress", "_version", "data", "checks"),
    ("backend", "images", "network"),
    ("maps", "enhance", "models", "targets"),
    ("methods", "metrics", "render", "annotations", "ground_truth"),
    ("plan", "results"),
    ("run",),
    ("explainer",),
    ("studies", "seewhy_pytest"),
    ("cli",),
    ("__init__", "__main__"),
)
"""Lowest first: a package imports from lines above its own, not from its neighbours."""
BESIDE = {("checks", "errors"), ("ground_truth", "annotations")}
"""Arrows between neighbours that are meant."""
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}
FRAMEWORKS = {"tensorflow", "jax", "torch", "openvino"}


def modules(source: Path) -> dict[str, ast.Module]:
    """The syntax tree of each module, by its dotted name."""
    trees = {}
    for path in sorted(source.rglob("*.py")):
        name = ".".join(path.relative_to(source).with_suffix("").parts)
        trees[name.removesuffix(".__init__")] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


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
            whole = [f"{base}.{alias.name}" for alias in node.names]
            found = [name if name in trees else base for name in whole]
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
            if own == other or own not in LEVEL or other not in LEVEL:
                continue
            if LEVEL[other] >= LEVEL[own] and (own, other) not in BESIDE:
                wrong.append(f"{module} → {imported}")
    return wrong


def circles(trees: dict[str, ast.Module]) -> list[set[str]]:
    """Modules that import each other, directly or through others."""
    arrows = {module: set(imports(trees, module)) & set(trees) for module in trees}
    reached = {}
    for module in trees:
        seen: set[str] = set()
        ahead = list(arrows[module])
        while ahead:
            other = ahead.pop()
            if other not in seen:
                seen.add(other)
                ahead += arrows[other]
        reached[module] = seen
    found = [
        {other for other in seen if module in reached[other]} for module, seen in reached.items()
    ]
    return [one for k, one in enumerate(found) if one and one not in found[:k]]


TREES = modules(SOURCE)


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


def test_frameworks_are_imported_by_the_backends_only():
    for module, tree in TREES.items():
        names = {
            name.split(".")[0]
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        if package(module) != "backend":
            assert not names & FRAMEWORKS, module
        if package(module) in ("images", "maps", "render", "annotations", "results"):
            assert "keras" not in names, module
