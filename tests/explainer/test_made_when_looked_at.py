"""Explanations of a call are made when somebody looks at them, and say what they always said."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from PIL import Image

from nets import tiny
from seewhy.errors import ImageError, SeewhyWarning
from seewhy.explainer.columns import lazy_explanations as module
from seewhy.explainer.explainer import Explainer


@pytest.fixture
def made(monkeypatch):
    """Counts explanations that are made."""
    found = []
    build = module.build_explanations

    def counted(*arguments):
        found.append(arguments)
        return build(*arguments)

    monkeypatch.setattr(module, "build_explanations", counted)
    return found


def with_warnings(run):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", SeewhyWarning)
        found = run()
    return found, [str(each.message) for each in told]


def eagerly(explainer, images, asked):
    """The same through `ask`, which makes all of them at once."""
    each = asked if isinstance(asked, list) else [asked] * len(images)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)
        return [
            explainer.ask([image], [one])[0][0] for image, one in zip(images, each, strict=True)
        ]


def assert_equal(found, wanted):
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        largest = max(float(np.abs(other.map).max()), 1e-6)
        np.testing.assert_allclose(one.map, other.map, atol=1e-5 * largest)
        assert one.score == pytest.approx(other.score, rel=1e-5, abs=1e-6)
        assert one.target == other.target
        assert [p.index for p in one.predictions] == [p.index for p in other.predictions]
        assert one.warnings == other.warnings
        assert one.diagnostics.keys() == other.diagnostics.keys()
        np.testing.assert_array_equal(one.photo.pixels, other.photo.pixels)


KINDS = {
    "photos as one array": (lambda: tiny.photos(5)[:, :32, :32], "top"),
    "photos of another size": (lambda: tiny.photos(5), 1),
    "a list of sizes": (lambda: [tiny.photos(1, side)[0] for side in (32, 40, 32)], [0, "top", 0]),
    "preprocessed arrays": (lambda: tiny.images(5), "top"),
    "dull photos": (lambda: np.zeros((3, 32, 32, 3), "uint8"), "top"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"batch_size": 2}, {"method": "layer_cam"}])
def test_they_are_those_that_were_made_at_once(kind, options):
    images, asked = KINDS[kind][0](), KINDS[kind][1]
    prepared = kind == "preprocessed arrays" or None
    explainer = Explainer(tiny.plain(), preprocess="unit", prepared=prepared, **options)
    found, _ = with_warnings(lambda: explainer(images, asked))
    assert_equal(found, eagerly(explainer, images, asked))


def test_of_models_of_any_size():
    explainer = Explainer(tiny.plain(side=None), preprocess="none", size=32)
    images = [tiny.images(1, side)[0] for side in (32, 48, 32)]
    found = explainer(images)
    assert [each.map.shape for each in found] == [(16, 16), (24, 24), (16, 16)]
    assert_equal(found, eagerly(explainer, images, "top"))


def test_nothing_is_made_before_somebody_looks(made):
    explainer = Explainer(tiny.plain(), preprocess="unit")
    found = explainer(tiny.photos(6)[:, :32, :32])
    assert (len(found), made) == (6, [])
    third = found[2]
    assert found[2] is third
    assert found[1:4][1] is third
    assert found[-4] is third
    assert len(made) == 1
    assert len(found[::2]) == 3
    assert len(made) == 1
    assert found[::2][1] is third
    assert len(list(found)) == 6
    assert len(made) == 6
    with pytest.raises(IndexError):
        found[6]


def test_an_array_that_is_written_into_afterwards():
    explainer, images = Explainer(tiny.plain(), preprocess="unit"), tiny.photos(2)[:, :32, :32]
    wanted = images.copy()
    found = explainer(images)
    images[:] = 0
    np.testing.assert_array_equal(found[1].photo.pixels, wanted[1])


def test_they_are_pickled_whole():
    found = Explainer(tiny.plain(), preprocess="unit")(tiny.photos(3)[:, :32, :32])
    again = pickle.loads(pickle.dumps(found[1:]))
    np.testing.assert_array_equal([each.map for each in again], [each.map for each in found[1:]])


def test_warnings_are_told_at_once_and_once_a_kind(made):
    explainer = Explainer(tiny.plain(), preprocess="unit", scores="probabilities")
    images = np.concatenate([tiny.photos(2)[:, :32, :32], np.zeros((3, 32, 32, 3), "uint8")])
    found, told = with_warnings(lambda: explainer(images, "top"))
    assert len(made) < 5
    texts = [text for each in eagerly(explainer, images, "top") for text in each.warnings]
    names = {text.partition(":")[0] for text in texts}
    assert len(told) == len(names)
    for name in names:
        count = sum(text.startswith(f"{name}:") for text in texts)
        (about,) = [line for line in told if f"{name}:" in line]
        assert about.startswith(f"{count} of 5 explanations") == (count > 1)
    assert len(found) == 5


def test_files_are_read_ahead_and_a_bad_one_is_named(tmp_path):
    photos = tiny.photos(7, 40)
    paths = [tmp_path / f"{k}.jpg" for k in range(7)]
    for path, pixels in zip(paths, photos, strict=True):
        Image.fromarray(pixels).save(path, quality=95)
    explainer = Explainer(tiny.plain(), preprocess="unit", batch_size=2)
    columns = explainer.maps(paths)
    found = explainer(paths)
    one_by_one = [explainer(path)[0] for path in paths]
    largest = np.abs(columns.maps).max()
    for k, each in enumerate(one_by_one):
        assert found[k].photo.name == str(paths[k])
        np.testing.assert_allclose(found[k].map, each.map, atol=1e-5 * largest)
        np.testing.assert_allclose(columns.maps[k], each.map, atol=1e-5 * largest)
    paths[5].write_bytes(b"no photo")
    for run in (explainer, explainer.maps):
        with pytest.raises(ImageError, match=r"5\.jpg"):
            run(paths)


def test_reduced_files_give_nearly_the_same_maps(tmp_path):
    path = tmp_path / "large.jpg"
    smooth = Image.fromarray(tiny.photos(1, 16)[0]).resize((600, 400), Image.Resampling.BICUBIC)
    smooth.save(path, quality=95)
    explainer = Explainer(tiny.plain(), preprocess="unit")
    whole, less = (explainer.maps([path], exact=exact).maps for exact in (True, False))
    assert 0 < np.abs(whole - less).max() < 1e-2 * np.ptp(whole)
