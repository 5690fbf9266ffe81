"""Photos in tar archives and in Parquet files."""

from __future__ import annotations

import tarfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import seewhy
from nets import tiny
from seewhy import datasets
from seewhy.datasets.sources import archives
from seewhy.datasets.sources.list_entries import list_entries
from seewhy.datasets.sources.photo_of import photo_of
from seewhy.errors import ImageError, ImageNotFoundError

pytestmark = pytest.mark.one_backend

PIXELS = tiny.photos(6)


def png(pixels):
    file = BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def add(archive, name, data):
    about = tarfile.TarInfo(name)
    about.size = len(data)
    archive.addfile(about, BytesIO(data))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Two archives of three photos, with classes, and a broken one."""
    monkeypatch.chdir(tmp_path)
    Path("shards").mkdir()
    for k in range(2):
        with tarfile.open(f"shards/{k}.tar", "w") as archive:
            for j in range(3):
                add(archive, f"set/{k}{j}.seg.json", b"{}")
                add(archive, f"set/{k}{j}.png", png(PIXELS[3 * k + j]))
                add(archive, f"set/{k}{j}.cls", b"%d\n" % j)
            if k:
                add(archive, "set/broken.jpg", b"none")
    return tmp_path


def listed(*sources, **how):
    return list(list_entries(sources, **how))


@pytest.mark.parametrize("source", ["shards", "shards/*.tar"])
def test_members_of_archives_with_their_classes(here, source):
    entries = listed(source)
    assert [e.id for e in entries[:4]] == ["set/00.png", "set/01.png", "set/02.png", "set/10.png"]
    assert [e.label for e in entries] == ["0", "1", "2", "0", "1", "2", None]
    assert entries[0].source == f"{here}/shards/0.tar!set/00.png"
    for entry, pixels in zip(entries, PIXELS, strict=False):
        np.testing.assert_array_equal(photo_of(entry.source).pixels, pixels)
    with pytest.raises(ImageError, match=r"broken\.jpg"):
        photo_of(entries[-1].source)


def test_archives_that_cannot_be_read(here):
    Path("bad.tar").write_bytes(b"none" * 500)
    with pytest.raises(ImageError, match="cannot be read"):
        listed("bad.tar")
    with tarfile.open("empty.tar", "w") as archive:
        add(archive, "a.txt", b"none")
    with pytest.raises(ImageNotFoundError, match="no photos"):
        listed("empty.tar")
    with pytest.raises(ImageNotFoundError, match="no 'set/77"):
        photo_of(f"{here}/shards/0.tar!set/77.png")
    with pytest.raises(ImageNotFoundError, match=r"gone\.tar"):
        listed("gone.tar")
    with pytest.raises(ImageError, match="cannot be read"):
        photo_of(f"{here}/gone.tar!set/77.png")


def test_members_that_are_no_files_or_too_large_are_not_read(here, monkeypatch):
    with tarfile.open("odd.tar", "w") as archive:
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        add(archive, "../../up.png", png(PIXELS[0]))
    (entry,) = listed("odd.tar")
    assert entry.id == "../../up.png"
    np.testing.assert_array_equal(photo_of(entry.source).pixels, PIXELS[0])
    monkeypatch.setattr(archives, "LONGEST", 10)
    with pytest.raises(ImageError, match="no photo"):
        photo_of(entry.source)


@pytest.mark.parametrize("held", [True, False])
def test_bytes_in_parquet_files(here, held):
    data = [png(each) for each in PIXELS]
    images = [{"bytes": each, "path": None} for each in data] if held else data
    Path("sets/a").mkdir(parents=True)
    table = pa.table({"Image": images, "label": [3, None, 1, 0, 0, 4]})
    pq.write_table(table, "sets/a/train.parquet", row_group_size=4)
    entries = listed("sets")
    assert [e.id for e in entries][:2] == ["train.parquet!0", "train.parquet!1"]
    assert [e.label for e in entries] == ["3", None, "1", "0", "0", "4"]
    for k in (5, 0, 4, 3, 1):
        np.testing.assert_array_equal(photo_of(entries[k].source).pixels, PIXELS[k])
    with pytest.raises(ImageNotFoundError, match="no row 6"):
        photo_of(entries[0].source.replace("!0", "!6"))


def test_paths_in_parquet_files(here):
    Path("a.png").write_bytes(png(PIXELS[0]))
    rows = {"path": ["a.png", "gone.png"], "id": [7, 8], "class": ["bee", None], "x": [1, 2]}
    pq.write_table(pa.table(rows), "t.parquet")
    first, second = listed("t.parquet")
    assert (first.id, first.source, first.label) == ("7", f"{here}/a.png", "bee")
    assert (second.id, second.label) == ("8", None)


def test_parquet_files_without_photos(here):
    pq.write_table(pa.table({"x": [1]}), "x.parquet")
    with pytest.raises(ImageError, match=r"no column of photos.*It has x"):
        listed("x.parquet")
    Path("bad.parquet").write_bytes(b"PAR1 none")
    with pytest.raises(ImageError, match="cannot be read"):
        listed("bad.parquet")
    pq.write_table(pa.table({"image": pa.array([None], pa.binary())}), "null.parquet")
    (entry,) = listed("null.parquet")
    with pytest.raises(ImageError, match="no photo"):
        photo_of(entry.source)


def test_a_run_over_archives_and_its_overlays(here):
    explainer = seewhy.Explainer(tiny.plain(), preprocess="unit")
    state = datasets.run(explainer, "shards", "store", datasets.RunOptions(workers=4))
    assert (state.done, state.unreadable) == (7, 1)
    store = datasets.open("store")
    expected = explainer.maps(np.stack([np.asarray(each) for each in PIXELS]))
    largest = np.abs(expected.maps).max()
    np.testing.assert_allclose(store.where(error=None).maps, expected.maps, atol=1e-3 * largest)
    assert [row.label_index for row in store] == [0, 1, 2, 0, 1, 2, None]
    assert store[4].explanation().overlay().size == PIXELS[4].shape[1::-1]
    assert store[0].source in store[0].explanation().photo.name


def test_a_store_is_a_source_for_another_model(here):
    explainer = seewhy.Explainer(tiny.plain(), preprocess="unit")
    datasets.run(explainer, "shards", "store")
    other = explainer.having(method="hires-cam")
    state = datasets.run(other, "store/part-*.parquet", "again")
    assert (state.done, state.unreadable) == (7, 1)
    sources = [row.source for row in datasets.open("store")]
    assert [row.source for row in datasets.open("again")] == sources
