"""Two stores side by side."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import seewhy
from nets import tiny
from seewhy import datasets
from seewhy.errors import OptionError
from seewhy.images.geometry import enlarge

pytestmark = pytest.mark.one_backend


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Stores of one folder, by name: two methods, a coarser layer, another fit, fewer photos."""
    folder = tmp_path_factory.mktemp("compared")
    (folder / "photos").mkdir()
    random = np.random.default_rng(5)
    for k in range(9):
        pixels = random.integers(0, 256, (40, 50, 3)).astype("uint8")
        Image.fromarray(pixels).save(folder / f"photos/{k}.png")
    (folder / "photos/z.png").write_bytes(b"none")
    base = seewhy.Explainer(tiny.plain(), preprocess="unit")
    how = {
        "base": (base, {"shard_size": 4}),
        "same": (base, {"shard_size": 3}),
        "other": (base.having(method="grad_cam_plus_plus"), {"shard_size": 5}),
        "fine": (base.having(layer="conv1"), {}),
        "crop": (base.having(fit="crop"), {}),
        "few": (base, {"limit": 5, "targets": ["top", "2"]}),
    }
    for name, (explainer, options) in how.items():
        datasets.run(explainer, folder / "photos", folder / name, datasets.RunOptions(**options))
    return {name: folder / name for name in how}


def expected(one, other):
    size = max(one.shape, other.shape)
    heats = [np.maximum(enlarge(each, size), 0).ravel() for each in (one, other)]
    return 1 - np.corrcoef(*heats)[0, 1]


@pytest.mark.parametrize("name", ["other", "fine"])
def test_figures_are_correlations_of_heatmaps(stores, name):
    diff = datasets.compare(stores["base"], stores[name])
    assert len(diff) == 9
    assert (diff.only_a, diff.only_b) == (1, 1)
    figures = [each.figure for each in diff]
    assert figures == sorted(figures, reverse=True)
    a, b = ({row.id: row for row in datasets.open(stores[each])} for each in ("base", name))
    for each in diff:
        assert each.figure == pytest.approx(expected(a[each.id].map, b[each.id].map), abs=1e-6)
        assert (each.score_a, each.score_b) == (a[each.id].score, b[each.id].score)
    frame = diff.to_frame()
    assert frame["id"].tolist() == [each.id for each in diff]


def test_equal_stores_do_not_differ(stores):
    diff = datasets.compare(stores["base"], datasets.open(stores["same"]))
    assert [each.figure for each in diff] == [0.0] * 9
    assert {each.note for each in diff} <= {"", "There is no positive evidence in A and B."}


def test_rows_of_one_store_only_are_counted(stores):
    diff = datasets.compare(stores["base"], stores["few"])
    assert (len(diff), diff.only_a, diff.only_b) == (5, 5, 5)
    assert {each.question for each in diff} == {"top"}


def test_photos_that_were_fitted_otherwise_are_not_compared(stores):
    with pytest.raises(OptionError, match="'squash', those of the other by 'crop'"):
        datasets.compare(stores["base"], stores["crop"])
