"""Evidence outside of boxes, and the options, tables and lines of what stands beside findings."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from seewhy.audit import AuditOptions
from seewhy.audit.beside.outside_boxes import inside_of
from seewhy.audit.beside.tables import write_table
from seewhy.cli.audit_lines import lines_beside
from seewhy.datasets.stored_row import StoredRow
from seewhy.errors import OptionError
from seewhy.ground_truth import Annotated, Thing
from seewhy.images.geometry import Geometry
from seewhy.metrics.localisation.pointing import energy_inside
from seewhy.results.prediction import Prediction

pytestmark = pytest.mark.framework_free


@pytest.fixture
def random():
    return np.random.default_rng(0)


def row_of(map, size, fit, input=(64, 64), extents=()):
    values = dict.fromkeys(StoredRow.__dataclass_fields__)
    top = (Prediction(0, None, "cat", 0.9),)
    manifest = {"input": list(input), "options": {"fit": fit}, "extents": list(extents)}
    values |= {"row": 0, "id": "a", "source": "/a.png", "height": size[0], "width": size[1]}
    return StoredRow(**values | {"map": map, "top": top, "manifest": manifest})


@pytest.mark.parametrize("fit", ["squash", "crop", "letterbox"])
@pytest.mark.parametrize("extents", [(), ([-4, 60, 0, 64], [0, 70, 0, 64])])
def test_evidence_inside_is_that_of_the_map_on_the_photo(fit, extents, random):
    size = (90, 150)
    map = random.normal(size=(5, 7)).astype("float32")
    row = row_of(map, size, fit, extents=extents)
    things = (Thing(None, (10, 20, 60, 80)), Thing(None, (50, 5, 140, 40)))
    drawn = Annotated("a", None, things)
    found = inside_of(row, drawn)
    heat = row.geometry.to_photo(np.maximum(map, 0))
    mask = drawn.mask(*size)
    assert found.share == pytest.approx(energy_inside(heat[None], mask[None])[0], abs=1e-5)
    seen = row.geometry.seen
    assert found.area == pytest.approx((mask & seen).sum() / seen.sum(), abs=1e-6)


def test_the_hottest_point_lies_where_the_network_saw_it():
    """The last column of cells: the photo's right edge, but of a crop a column further left, and
    of a letterbox the rows are those of the photo only."""
    map = np.zeros((4, 4), "float32")
    map[1, 3] = 1
    left = Annotated("a", None, (Thing(None, (0, 0, 150, 100)),))
    right = Annotated("a", None, (Thing(None, (150, 0, 200, 100)),))
    for fit, hit in (("squash", right), ("crop", left), ("letterbox", right)):
        for drawn in (left, right):
            assert inside_of(row_of(map, (100, 200), fit), drawn).hit == (drawn is hit), fit
    # of the upper bar of a letterbox the photo has the edge beside it
    map[:] = 0
    map[0, 0] = 1
    top = Annotated("a", None, (Thing(None, (0, 0, 30, 10)),))
    assert inside_of(row_of(map, (100, 200), "letterbox"), top).hit


def test_large_photos_are_compared_smaller(random, monkeypatch):
    map = random.random((7, 7)).astype("float32")
    drawn = Annotated("a", (3000, 4000), (Thing(None, (500, 400, 3000, 1500)),))
    row = row_of(map, (3000, 4000), "crop", (224, 224))
    small = inside_of(row, drawn)
    monkeypatch.setattr("seewhy.audit.beside.outside_boxes.LARGEST", 9999)
    assert small.share == pytest.approx(inside_of(row, drawn).share, abs=1e-3)


def test_boxes_of_another_picture_are_refused():
    drawn = Annotated("a", (100, 100), (Thing(None, (5, 5, 50, 50)),))
    with pytest.raises(OptionError, match="different pictures"):
        inside_of(row_of(np.ones((2, 2), "float32"), (100, 200), "crop"), drawn)


def test_within_is_the_adjoint_of_to_photo(random):
    for fit, grid in itertools.product((Geometry.crop, Geometry.letterbox), ((3, 4), (1, 9))):
        geometry = fit((40, 25), (32, 48))
        map, mask = random.normal(size=grid), random.random((40, 25)) < 0.3
        expected = (geometry.to_photo(map).astype("float64") * mask).sum()
        assert (geometry.within(mask, grid) * map).sum() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("wrong", [{"listed": 0}, {"duplicates": "yes"}])
def test_wrong_choices_are_refused(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        AuditOptions(**wrong)


def test_what_is_told_beside_asks_for_no_new_tests():
    plain = AuditOptions(seed=3, classes=["cat"])
    more = AuditOptions(
        seed=3, classes=["cat"], boxes="masks", against="other", duplicates=True, listed=7
    )
    assert plain.of_findings == more.of_findings
    assert plain.of_findings != AuditOptions(seed=4, classes=["cat"]).of_findings
    assert more.as_dict()["against"] == "other"


def test_tables_hold_no_formulas(tmp_path):
    rows = [{"id": "=cmd|'/c calc'!A1", "p_interval": [0.1, 0.2], "center": [0.5, 0.25], "x": None}]
    write_table(tmp_path, "drift", rows)
    assert (tmp_path / "drift.csv").read_text() == (
        "id,p_interval,center,x\n'=cmd|'/c calc'!A1,0.1 to 0.2,0.5 0.25,\n"
    )


def test_nothing_is_printed_of_what_is_not_told():
    assert list(lines_beside({})) == []
