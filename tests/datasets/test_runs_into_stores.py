"""Runs into stores: rows as they should be, nothing lost, nothing twice."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import seewhy
from nets import tiny
from seewhy import datasets
from seewhy.datasets import store_files
from seewhy.datasets.run_options import RunOptions
from seewhy.errors import ImageError, ModelError, StoreError, TargetError

pytestmark = pytest.mark.one_backend

COUNT, BROKEN = 11, "bee/broken.png"


@pytest.fixture(scope="module")
def explainer():
    labels = ["ant", "bee", "cat", "dog", "eel"]
    return seewhy.Explainer(tiny.plain(), preprocess="unit", labels=labels, batch_size=3)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for k in range(COUNT):
        place = folder / ("ant", "bee", "other")[k % 3] / f"{k:02}.png"
        place.parent.mkdir(exist_ok=True)
        size = (40 + k, 60 - k, 3)
        Image.fromarray(random.integers(0, 256, size).astype("uint8")).save(place)
    (folder / BROKEN).write_bytes((folder / "bee/01.png").read_bytes()[:90])
    return folder


HOW = RunOptions(shard_size=4, labels_from_folder=True, workers=3)


@pytest.fixture(scope="module")
def whole(explainer, photos, tmp_path_factory):
    """A store of an undisturbed run, not to be changed."""
    store = tmp_path_factory.mktemp("stores") / "whole"
    state = datasets.run(explainer, photos, store, HOW)
    assert (state.photos, state.done, state.unreadable) == (COUNT + 1, COUNT + 1, 1)
    assert state.whole
    return store


def parts(store):
    return {path.name: path.read_bytes() for path in Path(store).glob("part-*.parquet")}


def test_a_row_a_photo_as_the_explainer_has_it(explainer, photos, whole):
    store = datasets.open(whole)
    assert len(store) == COUNT + 1
    assert sorted(parts(whole)) == [f"part-0000{k}.parquet" for k in range(3)]
    sources = [row.source for row in store]
    assert sources == sorted(map(str, photos.rglob("*.png")))
    for row, grid in zip(store, store.maps, strict=True):
        if row.id == BROKEN:
            assert "broken or cut short" in row.error
            assert (row.map, row.target, row.top, row.width) == (None,) * 4
            assert np.isnan(grid).all()
            continue
        (one,) = explainer([row.source])
        np.testing.assert_array_equal(row.map, grid)
        np.testing.assert_allclose(grid, one.map, atol=1e-3 * np.abs(one.map).max())
        assert row.error is None
        assert (row.height, row.width) == one.photo.size
        assert (row.target, row.target_index) == (one.target.name, one.target.index)
        assert row.score == pytest.approx(one.score, rel=1e-4)
        assert [p.index for p in row.top] == [p.index for p in one.predictions]
        for stored, told in zip(row.top, one.predictions, strict=True):
            assert stored.probability == pytest.approx(told.probability, rel=1e-4)
        assert row.warnings == tuple(text.partition(":")[0] for text in one.warnings)
        folder = Path(row.source).parent.name
        assert row.label == folder
        assert row.label_index == {"ant": 0, "bee": 1}.get(folder)


def test_the_manifest_and_the_parts_tell_what_they_are_of(explainer, whole):
    import pyarrow.parquet

    manifest = json.loads((whole / "manifest.json").read_text())
    assert manifest["photos"] == COUNT + 1
    assert manifest["method"] == "grad_cam"
    assert manifest["options"]["batch_size"] == 3
    kinds = pyarrow.parquet.read_schema(whole / "part-00001.parquet")
    about = json.loads(kinds.metadata[b"seewhy"])
    assert about["grid"] == [16, 16]
    for name in ("model", "layer", "method", "options"):
        assert about[name] == manifest[name]
    assert str(kinds.field("map").type) == "fixed_size_list<element: halffloat>[256]"


def test_a_part_that_is_there_is_not_done_again(explainer, photos, whole, tmp_path):
    shutil.copytree(whole, tmp_path / "store")
    (tmp_path / "store/part-00001.parquet").unlink()
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "store").iterdir()}
    state = datasets.run(explainer, photos, tmp_path / "store", HOW)
    assert (state.before, state.done, state.unreadable) == (COUNT + 1 - 4, 4, 1)
    assert parts(tmp_path / "store") == parts(whole)
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())


def test_shards_together_are_one_run(explainer, photos, whole, tmp_path):
    counts = []
    for k in (2, 1):
        how = RunOptions(shard_size=4, labels_from_folder=True, shard=(k, 2))
        counts.append(datasets.run(explainer, photos, tmp_path, how).done)
    assert counts == [4, COUNT + 1 - 4]
    assert parts(tmp_path) == parts(whole)


def test_a_run_that_is_told_to_stop_finishes_its_part(explainer, photos, whole, tmp_path):
    state = datasets.run(explainer, photos, tmp_path, HOW, stop=lambda: True)
    assert (state.stopped, state.done, len(parts(tmp_path))) == (True, 4, 1)
    assert not datasets.run(explainer, photos, tmp_path, HOW, stop=lambda: False).stopped
    assert parts(tmp_path) == parts(whole)


def test_interrupted_at_any_batch_it_goes_on(explainer, photos, whole, tmp_path):
    for most in (3, 6, 7):

        def told(state, most=most):
            if state.done >= most:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            datasets.run(explainer, photos, tmp_path, HOW, told=told)
        assert parts(tmp_path).items() <= parts(whole).items()
    datasets.run(explainer, photos, tmp_path, HOW)
    assert parts(tmp_path) == parts(whole)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"targets": ["dog"]}, r"targets \['top'\], now \['dog'\]"),
        ({"shard_size": 5}, "shard size 4, now 5"),
        ({"limit": 2}, "limit nothing, now 2"),
        ({"labels_from_folder": False}, "labels from folder True, now False"),
    ],
)
def test_another_run_is_refused_with_the_difference(explainer, photos, whole, change, words):
    how = RunOptions(**{"shard_size": 4, "labels_from_folder": True} | change)
    before = parts(whole)
    with pytest.raises(StoreError, match=words):
        datasets.run(explainer, photos, whole, how)
    assert parts(whole) == before


def test_another_model_or_choice_is_refused(explainer, photos, whole):
    with pytest.raises(StoreError, match="method 'grad_cam', now 'hires_cam'"):
        datasets.run(explainer.having(method="hires_cam"), photos, whole, HOW)
    with pytest.raises(StoreError, match="fit 'squash', now 'crop'"):
        datasets.run(explainer.having(fit="crop"), photos, whole, HOW)
    other = tiny.plain()
    other.weights[0].assign(other.weights[0] * 1.5)
    names = ["ant", "bee", "cat", "dog", "eel"]
    same = seewhy.Explainer(other, preprocess="unit", labels=names, batch_size=3)
    with pytest.raises(StoreError, match="weights sha256"):
        datasets.run(same, photos, whole, HOW)
    with pytest.raises(StoreError, match="sources"):
        datasets.run(explainer, photos / "ant", whole, HOW)


def test_parts_that_are_lost_in_part_are_told(explainer, photos, whole, tmp_path):
    for name in ("plan.parquet", "manifest.json"):
        shutil.copytree(whole, tmp_path / name)
        (tmp_path / name / name).unlink()
        with pytest.raises(StoreError, match=name):
            datasets.run(explainer, photos, tmp_path / name, HOW)
    shutil.copytree(whole, tmp_path / "cut")
    damaged = tmp_path / "cut/part-00002.parquet"
    damaged.write_bytes(damaged.read_bytes()[:500])
    with pytest.raises(StoreError, match="part-00002"):
        datasets.open(tmp_path / "cut")
    datasets.run(explainer, photos, tmp_path / "cut", HOW)
    assert parts(tmp_path / "cut") == parts(whole)


def test_a_part_from_elsewhere_is_none_of_this_store(explainer, photos, whole, tmp_path):
    for source, place in (("00000", "00001"), ("00001", "00002")):
        shutil.copytree(whole, tmp_path / place)
        strange = tmp_path / place / f"part-{place}.parquet"
        shutil.copy(whole / f"part-{source}.parquet", strange)
        assert datasets.run(explainer, photos, tmp_path / place, HOW).done == 4
        assert parts(tmp_path / place) == parts(whole)


def test_pages_that_are_damaged_are_told_with_the_part_and_the_mend(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "store")
    damaged = tmp_path / "store/part-00001.parquet"
    data = bytearray(damaged.read_bytes())
    data[4:60] = b"\xff" * 56
    damaged.write_bytes(bytes(data))
    with pytest.raises(StoreError, match=r"(?s)part-00001\.parquet.*remove that part"):
        list(datasets.open(tmp_path / "store"))


@pytest.mark.parametrize("place", range(0, 40, 3))
def test_a_part_with_any_byte_changed_is_done_again(explainer, photos, whole, tmp_path, place):
    """Also a byte that still gives numbers: all of a part is read, with its checksums."""
    import pyarrow.parquet

    store = tmp_path / "store"
    shutil.copytree(whole, store)
    damaged = store / "part-00001.parquet"
    group = pyarrow.parquet.read_metadata(damaged).row_group(0)
    columns = [group.column(k) for k in range(group.num_columns)]
    column = columns[place % len(columns)]
    data = bytearray(damaged.read_bytes())
    start = column.dictionary_page_offset or column.data_page_offset
    data[start + column.total_compressed_size - 1] ^= 0x10  # of its values, not of a header
    damaged.write_bytes(bytes(data))
    told = []
    state = datasets.run(explainer, photos, store, HOW, told=lambda s: told.extend(s.problems))
    assert state.done == 4
    assert any("part-00001.parquet' is damaged" in each for each in told)
    assert parts(store) == parts(whole)


def test_names_that_are_no_utf8_are_run(explainer, photos, tmp_path):
    for k, name in enumerate((b"\xe9t\xe9", b"caf\xc3\xa9")):
        folder = tmp_path / "in" / os.fsdecode(name)
        folder.mkdir(parents=True)
        shutil.copy(photos / "ant/00.png", folder / os.fsdecode(b"\xff %d.png" % k))
    state = datasets.run(
        explainer, tmp_path / "in", tmp_path / "store", RunOptions(labels_from_folder=True)
    )
    assert (state.done, state.unreadable) == (2, 0)
    store = datasets.open(tmp_path / "store")
    assert [row.id for row in store] == ["café/%FF 1.png", "%E9t%E9/%FF 0.png"]
    assert [row.label for row in store] == ["café", "%E9t%E9"]
    for row in store:
        assert row.explanation().overlay().size[0] > 0
    assert store.gallery(tmp_path / "gallery").problems == ()
    again = datasets.run(explainer, tmp_path / "store", tmp_path / "again")
    assert (again.done, again.unreadable) == (2, 0)
    sources = [row.source for row in store]
    assert [row.source for row in datasets.open(tmp_path / "again")] == sources


@pytest.mark.parametrize(
    "words",
    [
        ["store"],
        ["store/*.parquet"],
        ["store/part-*.parquet"],
        ["store", "store/*.parquet"],
        ["store/part-*.parquet", "store"],
        ["store/plan.parquet", "store/part-00000.parquet"],
    ],
    ids=str,
)
def test_of_a_store_of_several_questions_each_photo_is_taken_once(
    explainer, photos, tmp_path, monkeypatch, words
):
    from seewhy.datasets.sources.list_entries import list_entries

    monkeypatch.chdir(tmp_path)
    datasets.run(explainer, photos, "store", RunOptions(targets=["dog", "bee"], shard_size=5))
    listed = [entry.source for entry in list_entries(words)]
    assert listed == [row.source for row in datasets.open("store").where(question="dog")]


def test_a_class_that_the_model_has_not_is_told_before_anything_is_written(photos, tmp_path):
    explainer = seewhy.Explainer(tiny.plain(), preprocess="unit")
    with pytest.raises(TargetError, match="77"):
        datasets.run(explainer, photos, tmp_path / "store", RunOptions(targets=["top", 77]))
    assert not (tmp_path / "store").exists()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts what Linux has open")
def test_a_store_that_is_open_holds_no_file_open(whole):
    def opened():
        return sum(str(whole) in os.path.realpath(each) for each in Path("/proc/self/fd").iterdir())

    store = datasets.open(whole)
    assert opened() == 0
    rows = iter(store)
    next(rows)
    assert opened() == 0


def test_a_store_is_a_source_with_each_photo_once(explainer, whole, tmp_path):
    state = datasets.run(explainer, whole, tmp_path, RunOptions(shard_size=4))
    assert state.photos == COUNT + 1
    again = [(row.id, row.source, row.label) for row in datasets.open(tmp_path)]
    assert again == [(row.id, row.source, row.label) for row in datasets.open(whole)]


def test_no_sources_are_told(explainer, tmp_path):
    with pytest.raises(ImageError, match="empty"):
        datasets.run(explainer, [], tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_broken_photos_are_tried_again_only_if_asked(explainer, photos, whole, tmp_path):
    shutil.copytree(photos, tmp_path / "photos")
    store = tmp_path / "store"
    datasets.run(explainer, tmp_path / "photos", store, HOW)
    shutil.copy(photos / "bee/01.png", tmp_path / "photos" / BROKEN)
    before = parts(store)
    assert datasets.run(explainer, tmp_path / "photos", store, HOW).done == 0
    assert parts(store) == before
    again = RunOptions(shard_size=4, labels_from_folder=True, retry_errors=True)
    state = datasets.run(explainer, tmp_path / "photos", store, again)
    assert (state.done, state.unreadable) == (4, 0)
    rows = {row.id: row for row in datasets.open(store)}
    np.testing.assert_array_equal(rows[BROKEN].map, rows["bee/01.png"].map)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_store_that_cannot_be_written_loses_no_part(
    explainer, photos, whole, tmp_path, monkeypatch, code
):
    real, written = os.fsync, []

    def fails(handle):
        written.append(handle)
        if len(written) > 7:  # plan, manifest and a part, with their folder
            raise OSError(code, os.strerror(code))
        real(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails)
        with pytest.raises(StoreError, match=f"{os.strerror(code)}.* finished parts are kept"):
            datasets.run(explainer, photos, tmp_path, HOW)
    left = parts(tmp_path)
    assert 0 < len(left) < 3
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    datasets.run(explainer, photos, tmp_path, HOW)
    assert parts(tmp_path) == parts(whole)
    assert parts(tmp_path).items() >= left.items()


def test_photos_that_are_gone_with_their_disk_are_not_written_as_broken(
    explainer, photos, whole, tmp_path
):
    shutil.copytree(photos, tmp_path / "photos")
    store = tmp_path / "store"
    datasets.run(explainer, tmp_path / "photos", store, HOW, stop=lambda: True)
    (tmp_path / "photos").rename(tmp_path / "away")
    before = parts(store)
    with pytest.raises(ImageError, match="the photos are gone"):
        datasets.run(explainer, tmp_path / "photos", store, HOW)
    assert parts(store) == before
    (tmp_path / "away").rename(tmp_path / "photos")
    datasets.run(explainer, tmp_path / "photos", store, HOW)
    assert datasets.open(store).where(error=None).maps.shape[0] == COUNT


def test_several_questions_give_a_row_each(explainer, photos, tmp_path):
    how = RunOptions(targets=["dog", "all-top"], limit=5)
    datasets.run(explainer, photos, tmp_path, how)
    store = datasets.open(tmp_path)
    assert len(store) == 5 * 4
    assert [row.question for row in store][:4] == ["dog", "all-top 1", "all-top 2", "all-top 3"]
    for row in store.where(question="all-top 2"):
        assert row.target_index == row.top[1].index
    readable = store.where(question="dog", error=None)
    expected = explainer.maps([row.source for row in readable], "dog")
    largest = np.abs(expected.maps).max()
    np.testing.assert_allclose(readable.maps, expected.maps, atol=1e-3 * largest)


def test_a_question_without_a_class_is_told_in_words(explainer, photos, tmp_path):
    how = RunOptions(targets=[seewhy.targets.margin("dog", "eel")], limit=2)
    datasets.run(explainer, photos, tmp_path, how)
    for row in datasets.open(tmp_path):
        assert row.target == "dog rather than eel"
        assert row.target_index is None


def test_nothing_readable_is_a_store_too(explainer, tmp_path):
    for k in range(3):
        (tmp_path / f"{k}.png").write_bytes(b"no photo")
    state = datasets.run(explainer, tmp_path, tmp_path / "store")
    assert state.unreadable == 3
    store = datasets.open(tmp_path / "store")
    assert store.maps.shape == (3, 16, 16)
    assert [row.error is None for row in store] == [False] * 3


@pytest.mark.parametrize("changes", [{"enhance": "flips"}, {"fit": "letterbox"}])
def test_choices_that_need_the_photo_itself(explainer, photos, tmp_path, changes):
    changed = explainer.having(**changes)
    datasets.run(changed, photos, tmp_path, RunOptions(limit=4))
    rows = [row for row in datasets.open(tmp_path) if row.error is None]
    for row in rows:
        (one,) = changed([row.source])
        np.testing.assert_allclose(row.map, one.map, atol=1e-3 * np.abs(one.map).max())
        overlay = np.asarray(row.explanation().overlay()).astype(int)
        assert np.abs(overlay - np.asarray(one.overlay())).max() <= 6


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_photos_of_16_bits_are_taken_as_they_are(explainer, tmp_path):
    deep = np.random.default_rng(1).integers(0, 65536, (32, 32)).astype("uint16")
    Image.fromarray(deep).save(tmp_path / "deep.png")
    Image.fromarray(tiny.photos(1)[0]).save(tmp_path / "plain.png")
    datasets.run(explainer, tmp_path, tmp_path / "store")
    first, _ = datasets.open(tmp_path / "store")
    (one,) = explainer([tmp_path / "deep.png"])
    np.testing.assert_allclose(first.map, one.map, atol=1e-3 * np.abs(one.map).max())
    assert first.warnings == tuple(text.partition(":")[0] for text in one.warnings)
    assert "high-bit-depth" in first.warnings


def test_a_decoder_that_fails_oddly_harms_no_other(explainer, photos, tmp_path, monkeypatch):
    from seewhy import images

    real = images.load

    def load(source, **how):
        if isinstance(source, str) and source.endswith("03.png"):
            raise RuntimeError("the plugin gave up")
        return real(source, **how)

    monkeypatch.setattr(images, "load", load)
    state = datasets.run(explainer, photos / "ant", tmp_path)
    assert state.unreadable == 1
    (row,) = [row for row in datasets.open(tmp_path) if row.error]
    assert "03.png" in row.error
    assert "the plugin gave up" in row.error


def test_a_model_of_several_inputs_is_refused(photos, tmp_path):
    import keras

    one, two = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    joined = keras.layers.Add()([keras.layers.Conv2D(2, 3)(one), keras.layers.Conv2D(2, 3)(two)])
    out = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(joined))
    explainer = seewhy.Explainer(keras.Model([one, two], out), preprocess="unit")
    with pytest.raises(ModelError, match="one at a time"):
        datasets.run(explainer, photos, tmp_path)


def test_old_unfinished_files_are_removed_and_new_ones_left(explainer, photos, tmp_path):
    for name in (".old.parquet", ".new.parquet"):
        (tmp_path / name).write_bytes(b"half")
    os.utime(tmp_path / ".old.parquet", (1, 1))
    datasets.run(explainer, photos, tmp_path, RunOptions(limit=1))
    left = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert left == [".new.parquet"]
    assert store_files.part_paths(tmp_path) == [tmp_path / "part-00000.parquet"]
