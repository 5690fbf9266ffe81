"""Photos and stores behind addresses: the same rows as of paths, and no secrets in them."""

from __future__ import annotations

import io
import json
import sys
import tarfile
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

import seewhy
from nets import tiny
from seewhy import datasets
from seewhy.datasets.places.address import Address, known_place, without_secrets
from seewhy.datasets.run_options import RunOptions
from seewhy.datasets.sources.list_entries import list_entries
from seewhy.datasets.sources.photo_of import photo_of
from seewhy.errors import DependencyError, ImageError, ImageNotFoundError, StoreError

pytestmark = pytest.mark.one_backend
NAMES = [f"{c}/{k}.png" for c in ("ant", "bee") for k in range(3)]
framework_free = pytest.mark.framework_free


@pytest.fixture
def memory():
    """The file system in memory, empty."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder with photos in folders, by their classes."""
    folder = tmp_path_factory.mktemp("photos")
    values = np.random.default_rng(0)
    for name in NAMES:
        (folder / name).parent.mkdir(exist_ok=True)
        pixels = values.integers(0, 256, (40, 50, 3)).astype("uint8")
        Image.fromarray(pixels).save(folder / name)
    (folder / "notes.md").write_text("no photo")
    return folder


@pytest.fixture
def there(memory, photos):
    """The same photos in memory, in every form of a source."""
    for name in NAMES:
        memory.pipe(f"/in/{name}", (photos / name).read_bytes())
    memory.pipe("/in/notes.md", b"no photo")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for k, name in enumerate(NAMES):
            for member, data in (
                (f"{k}.png", (photos / name).read_bytes()),
                (f"{k}.cls", name[:3].encode()),
            ):
                info = tarfile.TarInfo(member)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    memory.pipe("/held/a.tar", packed.getvalue())
    for path, values in (
        ("/held2/bytes.parquet", [(photos / name).read_bytes() for name in NAMES]),
        ("/in/paths.parquet", NAMES),
    ):
        table = io.BytesIO()
        column = "image" if isinstance(values[0], bytes) else "path"
        parquet.write_table(pa.table({column: values, "label": [n[:3] for n in NAMES]}), table)
        memory.pipe(path, table.getvalue())
    memory.pipe("/in/list.txt", "\n".join(NAMES).encode())
    memory.pipe("/in/odd", "\n".join(f"memory://in/{name}" for name in NAMES).encode())
    rows = "".join(f"{name},{name[:3]}\n" for name in NAMES)
    memory.pipe("/in/table.csv", f"path,label\n{rows}".encode())
    return memory


@framework_free
@pytest.mark.parametrize(
    ("source", "first"),
    [
        ("memory://in", "ant/0.png"),
        ("memory://in/", "ant/0.png"),
        ("memory://in/*/*.png", "memory://in/ant/0.png"),
        ("memory://in/**/[0-2].png", "memory://in/ant/0.png"),
        ("memory://in/a*", "memory://in/ant/0.png"),
        ("memory://in/list.txt", "ant/0.png"),
        ("@memory://in/odd", "memory://in/ant/0.png"),
        ("memory://in/table.csv", "ant/0.png"),
        ("memory://in/paths.parquet", "ant/0.png"),
        ("memory://held/a.tar", "0.png"),
        ("memory://held", "0.png"),
        ("memory://held/*.tar", "0.png"),
        ("memory://held2/bytes.parquet", "bytes.parquet!0"),
        ("memory://held2", "bytes.parquet!0"),
        ("memory://in/ant/0.png", "memory://in/ant/0.png"),
    ],
)
def test_every_kind_of_source(there, photos, source, first):
    entries = list(list_entries([source], labels_from_folder=True))
    wanted = {"memory://in/a*": NAMES[:3], "memory://in/ant/0.png": NAMES[:1]}.get(source, NAMES)
    assert entries[0].id == first
    assert all(entry.source.startswith("memory://") for entry in entries)
    if not source.startswith("memory://held2"):
        assert [entry.label for entry in entries] == [name[:3] for name in wanted]
    for entry, name in zip(entries, wanted, strict=True):
        own, known = photo_of(entry.source), seewhy.images.load(photos / name)
        np.testing.assert_array_equal(own.pixels, known.pixels)


@framework_free
def test_addresses_in_lists_and_tables_here(there, tmp_path):
    places = [f"memory://in/{name}" for name in NAMES]
    (tmp_path / "list.txt").write_text("\n".join(places))
    (tmp_path / "table.csv").write_text("path\n" + "\n".join(places))
    for source in ("list.txt", "table.csv"):
        entries = list(list_entries([str(tmp_path / source)]))
        assert [entry.source for entry in entries] == places


@framework_free
def test_files_of_this_machine_by_address(photos):
    (one, *_) = list_entries([f"file://{photos}"])
    assert (one.id, one.source) == (NAMES[0], str(photos / NAMES[0]))


@framework_free
def test_what_is_not_there(memory):
    memory.pipe("/empty/notes.md", b"none")
    memory.pipe("/broken.tar", b"none" * 1000)
    for source, told in (
        ("memory://nowhere", "no file or folder 'memory://nowhere'"),
        ("memory://empty", "no folder 'memory://empty', or it has no photos"),
        ("memory://empty/*.png", "matches no photo"),
        ("memory://empty/a.png", "no file 'memory://empty/a.png'"),
        ("@memory://empty/list", "no file or folder 'memory://empty/list'"),
        ("memory://broken.tar", "archive 'memory://broken.tar' cannot be read"),
        ("zip://a.png::memory://a.zip", "within another"),
    ):
        with pytest.raises(ImageError, match=r".") as raised:
            list(list_entries([source]))
        assert told in str(raised.value)
    with pytest.raises(ImageNotFoundError, match=r"no 'memory://empty/gone.png' any more"):
        photo_of("memory://empty/gone.png")


@framework_free
def test_what_is_missing_is_told_with_its_mend(monkeypatch):
    with pytest.raises(StoreError, match="Protocol not known: bla"):
        list(list_entries(["bla://x"]))
    for scheme, package in (("s3", "s3fs"), ("gs", "gcsfs")):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(DependencyError, match=f"pip install {package}"):
            datasets.open(f"{scheme}://bucket-of-{package}/store")
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(DependencyError, match=r"pip install 'seewhy\[datasets\]'"):
        list(list_entries(["s3://another/photos"]))


@framework_free
def test_a_folder_that_cannot_be_listed_is_no_empty_one(there, monkeypatch):
    def refused(self, path, **how):
        raise PermissionError("no access with https://me:secret@host/x?token=abc")

    monkeypatch.setattr(type(there), "ls", refused)
    with pytest.raises(ImageError, match=r"no access with https://host/x\)"):
        list(list_entries(["memory://in"]))


@framework_free
def test_secrets_are_remembered_and_not_shown(memory):
    assert known_place("ftp://me:word@host/a?b/c.png") == "ftp://host/a?b/c.png"
    assert known_place("https://host/a.png?token=x&b=1") == "https://host/a.png"
    assert known_place("abfs://container@account.net/a") == "abfs://container@account.net/a"
    assert known_place("s3://bucket/a@b:c@d.png") == "s3://bucket/a@b:c@d.png"
    assert without_secrets("'https://h/x?sig=1' and ftp://a:b@h") == "'https://h/x' and ftp://h"
    memory.pipe("/in/list.txt", b"https://host/a.png?token=12345")
    with pytest.raises(ImageError, match="password or a query") as raised:
        list(list_entries(["memory://in/list.txt"]))
    assert "12345" not in str(raised.value)


@pytest.fixture(scope="module")
def explainer():
    return seewhy.Explainer(tiny.plain(), preprocess="unit", batch_size=2)


def test_a_run_into_a_store_elsewhere(there, photos, explainer, tmp_path):
    how = RunOptions(shard_size=4, labels_from_folder=True)
    datasets.run(explainer, photos, tmp_path / "here", how)
    state = datasets.run(explainer, "memory://me:word@in", "memory://out/store", how)
    assert state.whole
    names = sorted(name.rpartition("/")[2] for name in there.find("/out/store"))
    assert names == ["manifest.json", *(f"part-0000{k}.parquet" for k in range(2)), "plan.parquet"]
    assert not any(b"word" in there.cat(name) for name in there.find("/out/store"))
    own, known = datasets.open("memory://out/store"), datasets.open(tmp_path / "here")
    assert [row.id for row in own] == [row.id for row in known] == NAMES
    assert [row.label for row in own] == [row.label for row in known]
    assert own.maps.tobytes() == known.maps.tobytes()
    assert own.manifest["sources"] == ["memory://in"]
    assert own[0].explanation().overlay().size == (50, 40)
    found = datasets.compare("memory://out/store", tmp_path / "here")
    assert (len(found), found.only_a, found.only_b) == (6, 0, 0)
    assert {each.figure for each in found} == {0}
    assert [entry.id for entry in list_entries(["memory://out/store"])] == NAMES


def test_a_store_elsewhere_is_gone_on_with(there, explainer):
    how = RunOptions(shard_size=2)
    datasets.run(explainer, "memory://in", "memory://out", how)
    whole = {name: there.cat(name) for name in there.find("/out")}
    there.rm("/out/part-00001.parquet")
    there.pipe("/out/part-00002.parquet", whole["/out/part-00002.parquet"][:90])  # cut short
    state = datasets.run(explainer, "memory://in", "memory://out", how)
    assert (state.before, state.done) == (2, 4)
    assert {name: there.cat(name) for name in there.find("/out")} == whole
    with pytest.raises(StoreError, match="shard size 2, now 3"):
        datasets.run(explainer, "memory://in", "memory://out", RunOptions(shard_size=3))


def test_a_store_that_takes_nothing_says_so(there, explainer, monkeypatch):
    def full(self, path, value, **how):
        raise OSError(28, "bucket is full")

    monkeypatch.setattr(type(there), "pipe_file", full)
    with pytest.raises(StoreError, match=r"'memory://out' cannot be written \(.*bucket is full"):
        datasets.run(explainer, "memory://in", "memory://out", RunOptions())


def test_photos_that_are_gone_are_no_broken_ones(there, explainer):
    how = RunOptions(shard_size=2)
    datasets.run(explainer, "memory://in", "memory://out", how)
    there.rm("/out/part-00000.parquet")
    there.rm("/in", recursive=True)
    with pytest.raises(ImageError, match="no folder 'memory://in/ant' any more"):
        datasets.run(explainer, "memory://in", "memory://out", how)


@framework_free
def test_addresses_as_paths():
    assert str(Address("memory://") / "a" / "b.png") == "memory://a/b.png"
    assert str(Address("s3://bucket/a/b.tar.gz").parent) == "s3://bucket/a"
    assert Address("s3://bucket/a/b.tar.gz").suffix == ".gz"
    assert json.dumps(str(Address("s3://bucket").parent)) == '"s3://"'
    assert Path("x") != Address("x")
