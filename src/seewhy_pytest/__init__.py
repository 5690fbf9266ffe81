"""The pytest plugin: the fixture `evidence`, by which tests guard what a model looks at.

A package of its own, as importing seewhy looks for a backend, and pytest loads its plugins before
a project's conftest.py may have chosen one. Nothing else is imported before a test uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from seewhy_pytest.evidence_fixture import Explainers, Guard

_FAILED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("seewhy")
    group.addoption(
        "--seewhy-overlays",
        metavar="DIR",
        default=None,
        help="keep the overlays of all tests that ask for evidence, not only of those that fail",
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome: Any = yield
    report = outcome.get_result()
    if report.when == "call":
        item.stash[_FAILED] = bool(report.failed)


@pytest.fixture(scope="session")
def _seewhy_explainers() -> Explainers:
    from seewhy_pytest.evidence_fixture import Explainers

    return Explainers()


@pytest.fixture
def evidence(
    request: pytest.FixtureRequest, tmp_path: Path, _seewhy_explainers: Explainers
) -> Iterator[Guard]:
    """evidence(model, image, target="top", **settings) → what the model looks at in the image.

    Its `inside(mask)`, `points_at(mask)` and `iou(mask)` are numbers to assert on. settings: the
    other arguments of `seewhy.Explainer`. The overlay is written into the test's `tmp_path` as
    soon as a number is asked, and stays there if the test fails.
    """
    from seewhy_pytest.evidence_fixture import Guard

    guard = Guard(_seewhy_explainers, tmp_path)
    yield guard
    kept = request.config.getoption("--seewhy-overlays")
    if kept is not None:
        name = re.sub(r"[^\w.-]+", "_", request.node.nodeid).strip("_")
        guard.keep(Path(kept) / name)
    if request.node.stash.get(_FAILED, True):
        request.node.user_properties += [("seewhy_overlay", str(path)) for path in guard.files]
    else:
        guard.forget()
