"""Galleries of stores: the page and its files, and what Chromium makes of them."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import tarfile
from pathlib import Path

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import seewhy
from helpers.browser import assert_readable, needs_chromium, opened
from helpers.commands import forbid_backend, run_command
from nets import tiny
from seewhy import datasets
from seewhy.datasets.gallery import map_data
from seewhy.datasets.gallery import pictures as pictures_of_rows
from seewhy.datasets.gallery.map_data import script_json
from seewhy.datasets.sources.photo_of import photo_of
from seewhy.errors import OptionError

pytestmark = pytest.mark.one_backend

HOSTILE = "</script><img src=x onerror=alert(1)>"
LABELS = ["ant", "bee", HOSTILE, "dog & {{ 7 }}", "eel"]
ODD = ["a b.png", "c#d.png", "e?f.png", "100%25.png", "q'\"<b>.png", "日本.png"]


@pytest.fixture(scope="module")
def explainer():
    return seewhy.Explainer(tiny.plain(), preprocess="unit", labels=LABELS)


@pytest.fixture(scope="module")
def origin(explainer, tmp_path_factory):
    """A folder with photos and their store, not to be changed."""
    folder = tmp_path_factory.mktemp("gallery")
    (folder / "in").mkdir()
    random = np.random.default_rng(5)
    lines = ["path,label"]
    for k, name in enumerate(ODD * 2):
        place = folder / "in" / f"{k:02} {name}"
        dark = random.integers(30, 256)
        Image.fromarray(random.integers(0, dark, (40 + 3 * k, 64, 3)).astype("uint8")).save(place)
        cells = [str(place), LABELS[k % 5]]
        lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells))
    (folder / "in/broken.png").write_bytes(b"no photo")
    lines.append(f"{folder}/in/broken.png,")
    (folder / "t.csv").write_text("\n".join(lines))
    datasets.run(explainer, folder / "t.csv", folder / "store")
    return folder


@pytest.fixture
def place(origin, tmp_path):
    """The same, with photos that may be changed: those of the store stand where they stood."""
    shutil.copytree(origin / "store", tmp_path / "store")
    return tmp_path


def pictures(folder):
    return {p: p.stat().st_mtime_ns for p in (folder / "pictures").rglob("*") if p.is_file()}


def page_data(page):
    text = page.read_text(encoding="utf-8")
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(found)


def test_a_page_with_all_rows(place):
    store = datasets.open(place / "store")
    done = store.gallery(place / "out")
    assert (done.rows, done.made, len(done.problems)) == (13, 12, 1)
    assert done.page == place / "out/index.html"
    data = page_data(done.page)
    columns = data["columns"]
    assert columns["id"] == [row.id for row in store]
    for k, row in enumerate(store):
        name = columns["label"][k]
        assert (data["names"][name] if name >= 0 else None) == row.label
        if row.error:
            assert data["problems"][str(k)] == row.error
            assert columns["picture"][k] == ""
            continue
        assert data["names"][columns["predicted"][k]] == row.predicted
        assert columns["right"][k] == int(row.right)
        assert columns["confidence"][k] == pytest.approx(1e4 * row.top[0].probability, abs=0.51)
        assert columns["border"][k] / data["shares"] == row.border_share
        codes = [c for bit, c in enumerate(data["warnings"]) if columns["warnings"][k] >> bit & 1]
        assert codes == sorted(row.warnings, key=data["warnings"].index)
        picture = Image.open(place / "out/pictures" / f"{columns['picture'][k]}.jpe")
        assert picture.size == (row.width, row.height)


def test_pictures_are_made_once_and_anew_when_the_photo_changes(origin, tmp_path):
    photos = tmp_path / "in"
    photos.mkdir()
    for k, pixels in enumerate(tiny.photos(3)):
        Image.fromarray(pixels).save(photos / f"{k}.png")
    datasets.run(_explainer(), photos, tmp_path / "store")
    store = datasets.open(tmp_path / "store")
    assert store.gallery(tmp_path / "out").made == 3
    before = pictures(tmp_path / "out")
    assert store.gallery(tmp_path / "out").made == 0
    assert pictures(tmp_path / "out") == before
    lost = next(iter(before))
    lost.unlink()
    assert store.gallery(tmp_path / "out").made == 1
    later = lost.stat().st_mtime + 5
    os.utime(photos / "1.png", (later, later))
    assert store.gallery(tmp_path / "out").made == 1
    assert store.gallery(tmp_path / "out", side=33).made == 3
    # the photos are gone, and their pictures there
    shutil.rmtree(photos)
    again = store.gallery(tmp_path / "out")
    assert (again.made, again.problems) == (0, ())
    gone = store.gallery(tmp_path / "other")
    assert (gone.made, len(gone.problems)) == (0, 3)
    assert "no file" in gone.problems[0]


def _explainer():
    return seewhy.Explainer(tiny.plain(), preprocess="unit", labels=LABELS)


def test_a_gallery_that_was_interrupted_goes_on(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    read = []

    def reads(source):
        read.append(source)
        if len(read) > 5:
            raise KeyboardInterrupt
        return photo_of(source)

    with monkeypatch.context() as patched:
        patched.setattr(pictures_of_rows, "photo_of", reads)
        status, _, err = run_command(monkeypatch, capsys, "gallery", "store", "--output", "out")
    assert (status, "the same command" in err) == (130, True)
    assert not Path("out/index.html").exists()
    before = pictures(Path("out"))
    assert 1 <= len(before) <= 5
    done = datasets.open("store").gallery("out")
    assert done.made == 12 - len(before)
    assert pictures(Path("out")).items() >= before.items()


def test_a_photo_of_another_size_is_another_photo(tmp_path):
    (tmp_path / "in").mkdir()
    Image.fromarray(tiny.photos(1)[0]).save(tmp_path / "in/a.png")
    datasets.run(_explainer(), tmp_path / "in", tmp_path / "store")
    Image.new("RGB", (9, 7)).save(tmp_path / "in/a.png")
    (problem,) = datasets.open(tmp_path / "store").gallery(tmp_path / "out").problems
    assert "9 × 7" in problem


def test_files_of_earlier_galleries_go_and_others_stay(place):
    store = datasets.open(place / "store")
    store.gallery(place / "out")
    (place / "out/maps/mine.js").write_text("")
    (before,) = page_data(place / "out/index.html")["maps"]
    store[:4].gallery(place / "out")
    (now,) = page_data(place / "out/index.html")["maps"]
    assert before != now
    assert {path.stem for path in (place / "out/maps").iterdir()} == {now, "mine"}
    assert not list((place / "out").rglob(".*"))


def test_a_page_that_is_no_gallery_is_left(place):
    store = datasets.open(place / "store")
    (place / "site").mkdir()
    (place / "site/index.html").write_text("<p>mine")
    with pytest.raises(OptionError, match="another page"):
        store.gallery(place / "site")
    assert (place / "site/index.html").read_text() == "<p>mine"
    for wrong, words in ((place / "a.html", "folder"), (place / "store/plan.parquet", "no folder")):
        with pytest.raises(OptionError, match=words):
            store.gallery(wrong)
    for side in (31, 2049, 0):
        with pytest.raises(OptionError, match="side"):
            store.gallery(place / "out", side=side)
    (place / "full").mkdir()
    (place / "full/pictures").write_text("")
    with pytest.raises(OptionError, match="cannot be written"):
        store.gallery(place / "full")


def test_photos_in_archives_and_elsewhere_and_several_questions(explainer, tmp_path):
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for k, pixels in enumerate(tiny.photos(2)):
            Image.fromarray(pixels).save(tmp_path / f"{k} #?.png")
            archive.add(tmp_path / f"{k} #?.png", f"{k} #?.png")
    system.pipe("/gallery/in/z.png", (tmp_path / "1 #?.png").read_bytes())
    how = datasets.RunOptions(targets=["dog & {{ 7 }}", "eel"])
    datasets.run(explainer, [tmp_path / "a.tar", "memory://gallery/in"], "memory://gallery/s", how)
    store = datasets.open("memory://gallery/s")
    done = store.gallery(tmp_path / "out")
    assert (done.rows, done.made, done.problems) == (6, 3, ())
    data = page_data(done.page)
    assert data["questions"] == ["dog & {{ 7 }}", "eel"]
    assert data["columns"]["question"] == [0, 1] * 3
    assert len(set(data["columns"]["picture"])) == 3
    assert store.gallery(tmp_path / "out").made == 0
    system.rm("/gallery/in", recursive=True)
    assert len(store.gallery(tmp_path / "other").problems) == 1


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_a_model_without_classes_and_maps_that_are_no_numbers(tmp_path):
    image = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu", name="units")(image)
    x = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(x))
    model = tiny.fixed(keras.Model(image, x))
    model.compile(loss="mse")
    (tmp_path / "in").mkdir()
    for k, pixels in enumerate(tiny.photos(2)):
        Image.fromarray(pixels).save(tmp_path / f"in/{k}.png")
    explainer = seewhy.Explainer(model, preprocess="unit")
    datasets.run(explainer, tmp_path / "in", tmp_path / "store")
    model.get_layer("units").bias.assign([np.inf] * 4)
    datasets.run(explainer, tmp_path / "in", tmp_path / "bad")
    for name in ("store", "bad"):
        done = datasets.open(tmp_path / name).gallery(tmp_path / f"{name}-page")
        data = page_data(done.page)
        assert data["columns"]["confidence"] == [-1, -1]
        assert data["columns"]["right"] == [-1, -1]
        (script,) = (tmp_path / f"{name}-page/maps").iterdir()
        rows = json.loads(script.read_text()[len("seewhyMaps(") : -2])
        assert [row["map"] is None for row in rows] == [name == "bad"] * 2


def test_no_text_ends_its_script():
    text = script_json({"a": HOSTILE, "b": "\u2028&\udcff]]>"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": HOSTILE, "b": "\u2028&\udcff]]>"}


def test_the_command(place, monkeypatch, capsys):
    forbid_backend(monkeypatch)
    monkeypatch.chdir(place)
    status, out, err = run_command(monkeypatch, capsys, "gallery", "store")
    assert (status, out) == (
        1,
        "13 rows, 12 pictures made, photos that cannot be shown: 1, store/gallery/index.html\n",
    )
    assert "broken.png" in err
    status, out, _ = run_command(
        *(monkeypatch, capsys, "gallery", "store", "--limit", 3, "--output", "b # c", "--json")
    )
    record = json.loads(out)
    assert (status, record["rows"], record["problems"]) == (0, 3, [])
    assert Path(record["page"]).is_file()
    status, _, err = run_command(monkeypatch, capsys, "gallery", ".")
    assert (status, "is no store" in err) == (1, True)


def many_rows(store, folder, count=10_000, part=1000):
    """A store of many rows of the same photos, with other figures."""
    shutil.copytree(store, folder)
    table = pq.read_table(folder / "part-00000.parquet").slice(0, 12)
    kinds, random = table.schema, np.random.default_rng(0)
    for number in range(count // part):
        rows = table.take(pa.array(np.arange(part) % len(table)))
        places = np.arange(number * part, (number + 1) * part)
        changed = {
            "row": pa.array(places),
            "id": pa.array([f"folder/photo {k:05}.jpg" for k in places]),
            "border_share": pa.array((random.integers(0, 257, part) / 256).astype("float16")),
        }
        arrays = [changed.get(name, rows[name]) for name in kinds.names]
        pq.write_table(
            pa.table(arrays, schema=kinds), folder / f"part-{number:05}.parquet", compression="zstd"
        )
    return folder


@pytest.fixture(scope="module")
def ten_thousand(origin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    store = datasets.open(many_rows(origin / "store", folder / "store"))
    return store, store.gallery(folder / "out")


def test_ten_thousand_photos_are_a_page_of_one_megabyte(ten_thousand):
    store, done = ten_thousand
    assert (len(store), done.rows, done.problems) == (10_000, 10_000, ())
    assert done.page.stat().st_size < 1_200_000
    assert len(page_data(done.page)["maps"]) == -(-10_000 // map_data.ROWS)


@needs_chromium
def test_ten_thousand_photos_are_shown_some_at_a_time(ten_thousand):
    with opened(ten_thousand[1].page) as (view, told):
        view.wait_for_selector(".card img")
        cards = "document.querySelectorAll('.card').length"
        assert 10 < view.evaluate(cards) < 100
        scripts = [url for url in told if url.endswith(".js")]
        assert scripts == []
        view.locator(".card").first.focus()
        view.keyboard.press("End")
        view.wait_for_function("document.activeElement.textContent.includes('photo 09999')")
        assert view.evaluate(cards) < 100
        assert view.evaluate("scrollY") > 100_000
        view.keyboard.press("Enter")
        view.wait_for_selector("#stage canvas")
        assert len([url for url in told if url.endswith(".js")]) == 1
        view.keyboard.press("Escape")
        # a dialog gives the focus back after it is closed
        view.wait_for_function("document.activeElement.textContent.includes('photo 09999')")
        view.keyboard.press("Home")
        view.wait_for_function("document.activeElement.textContent.includes('photo 00000')")
        assert not [each for each in told if each.startswith("error")]


def shown_ids(view):
    return view.evaluate("chosen.map(row => columns.id[row])")


@needs_chromium
def test_sorting_and_filtering(ten_thousand):
    store, done = ten_thousand
    frame = store.to_frame()
    frame["sure"] = [top[0]["probability"] for top in frame["top"]]
    with opened(done.page) as (view, _):
        form = view.locator("#form")

        def choose(**values):
            view.locator("button[type=reset]").click()
            view.wait_for_function("chosen.length === 10000")
            for name, value in values.items():
                field = form.locator(f"[name={name.replace('_', '-')}]")
                if name in ("sort", "order", "right", "warning", "label", "predicted", "photos"):
                    field.select_option(value)
                else:
                    field.fill(value)
            return shown_ids(view)

        def ids(rows):
            return rows["id"].tolist()

        names = page_data(done.page)["names"]
        wrong = frame[frame.label_index != [top[0]["index"] for top in frame["top"]]]
        assert choose(right="0") == ids(wrong)
        found = choose(label=str(names.index(HOSTILE)))
        assert found == ids(frame[frame.label == HOSTILE])
        assert found
        predicted = frame[[LABELS[top[0]["index"]] == "ant" for top in frame["top"]]]
        if "ant" in names:
            assert len(predicted) == 0 or choose(predicted=str(names.index("ant"))) == ids(
                predicted
            )
        border = frame[(frame.border_share >= 0.25) & (frame.border_share <= 0.5)]
        assert choose(border_from="25", border_to="50") == ids(border)
        sure = frame[(100 * frame.sure).round(2) >= 40]
        assert choose(confidence_from="40") == ids(sure)
        positive = frame[frame.positive_share >= 0.6]
        assert choose(positive_from="60") == ids(positive)
        assert choose(text="PHOTO 0123") == [f"folder/photo {k:05}.jpg" for k in range(1230, 1240)]
        down = choose(sort="border", order="down")
        expected = frame.sort_values(["border_share", "row"], ascending=[False, True])
        assert down == ids(expected)
        warned = frame[[len(each) > 0 for each in frame.warnings]]
        assert choose(warning="any") == ids(warned)
        assert choose(warning="none") == ids(frame.drop(warned.index))
        assert choose(photos="gone") == []
        assert "none of 10000" in view.locator("#count").inner_text()
        # the address has what is chosen
        choose(right="0", sort="id", order="down")
        view.reload()
        assert shown_ids(view) == sorted(ids(wrong), reverse=True)


@needs_chromium
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1440, False)])
def test_a_page_is_readable_and_odd_names_do_nothing(origin, tmp_path, width, dark):
    folder = tmp_path / "a #1?%20 <b>"
    datasets.open(origin / "store").gallery(folder)
    with opened(folder / "index.html", width=width, dark=dark) as (view, told):
        view.evaluate("document.getElementById('choices').open = true")
        view.wait_for_selector(".card img")
        for k in range(13):  # lazily loaded pictures have to come into the window
            view.locator(".card").first.focus() if k == 0 else view.keyboard.press("ArrowRight")
            view.wait_for_timeout(30)
        view.wait_for_function("[...document.images].every(i => i.naturalWidth)")
        assert_readable(view, told)
        view.evaluate("scrollTo(0, 0)")
        view.wait_for_timeout(100)
        view.locator(".card").first.click()
        for k in range(13):
            view.wait_for_function(f"document.getElementById('large').dataset.ready === '{k}'")
            row = datasets.open(origin / "store")[k]
            assert view.locator("#name").inner_text() == row.id
            assert view.locator("#stage canvas").count() == (row.error is None)
            assert_readable(view, told)
            view.keyboard.press("ArrowRight")
        assert "no image in a known format" in view.locator("#problem").inner_text()
        view.keyboard.press("Escape")
        assert not view.locator("#large").is_visible()
        view.wait_for_function("document.activeElement.textContent.includes('broken.png')")
        assert not [each for each in told if each.startswith("error")]
        assert all(url.startswith("file://") for url in told)


@needs_chromium
def test_pictures_that_are_lost_are_told(origin, tmp_path):
    datasets.open(origin / "store").gallery(tmp_path)
    shutil.rmtree(tmp_path / "pictures")
    shutil.rmtree(tmp_path / "maps")
    with opened(tmp_path / "index.html") as (view, told):
        view.wait_for_function("document.querySelector('.card').textContent.includes('is gone')")
        view.locator(".card").first.click()
        view.wait_for_function("document.getElementById('large').dataset.ready === '0'")
        assert "gone" in view.locator("#problem").inner_text()
        assert "gone" in view.locator("#about-map").inner_text()
        assert not [each for each in told if each.startswith("error")]


@needs_chromium
def test_maps_of_many_cells_are_shown_as_means(tmp_path):
    (tmp_path / "in").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (100, 140, 3)).astype("uint8")
    Image.fromarray(pixels).save(tmp_path / "in/a.png")
    explainer = seewhy.Explainer(tiny.plain(side=None), preprocess="unit", size=(96, 128))
    explainer = explainer.having(method="saliency")
    datasets.run(explainer, tmp_path / "in", tmp_path / "store")
    store = datasets.open(tmp_path / "store")
    done = store.gallery(tmp_path / "out")
    (script,) = (tmp_path / "out/maps").iterdir()
    (row,) = json.loads(script.read_text()[len("seewhyMaps(") : -2])
    assert (row["grid"], row["fine"]) == ([64, 64], [96, 128])
    units = np.frombuffer(base64.b64decode(row["map"]), "<i2").reshape(64, 64)
    means = store[0].map.astype(float).reshape(32, 3, 64, 2).mean(axis=(1, 3))
    shown = units.reshape(32, 2, 64).mean(axis=1)  # rows of 1.5 cells: two are three of the map
    np.testing.assert_allclose(shown / shown.max(), means / means.max(), atol=0.01)
    with opened(done.page) as (view, told):
        view.locator(".card").first.click()
        view.wait_for_selector("#stage canvas")
        assert "96 × 128" in view.locator("#about-map").inner_text()
        assert not [each for each in told if each.startswith("error")]


@needs_chromium
@pytest.mark.parametrize(
    "changes",
    [{}, {"fit": "crop"}, {"fit": "letterbox"}, {"method": "saliency"}, {"layer": "conv1"}],
    ids=str,
)
def test_the_map_lies_on_the_photo_as_an_overlay_draws_it(explainer, tmp_path, changes):
    (tmp_path / "in").mkdir()
    for k, size in enumerate([(60, 100), (90, 40)]):
        pixels = np.full((*size, 3), 90, "uint8")
        pixels[10:30, 5:25] = np.random.default_rng(k).integers(0, 256, (20, 20, 3))
        Image.fromarray(pixels).save(tmp_path / "in" / f"{k}.png")
    datasets.run(explainer.having(**changes), tmp_path / "in", tmp_path / "store")
    store = datasets.open(tmp_path / "store")
    done = store.gallery(tmp_path / "out")
    with opened(done.page) as (view, _):
        view.locator(".card").first.click()
        for k, row in enumerate(store):
            view.wait_for_function(f"document.getElementById('large').dataset.ready === '{k}'")
            drawn = view.evaluate(
                """() => { const c = document.querySelector('#stage canvas');
                return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }"""
            )
            rgba = np.array(drawn, "float64").reshape(row.height, row.width, 4)
            explanation = row.explanation()
            expected = np.asarray(explanation.overlay(legend=False)).astype(float)
            assert expected.shape == (row.height, row.width, 3)
            opacity = rgba[..., 3:] / 255
            on_photo = opacity * rgba[..., :3] + (1 - opacity) * explanation.photo.pixels
            seen = explanation.geometry.seen
            gap = np.abs(on_photo - expected)[seen]
            assert gap.max() <= 12
            assert gap.mean() < 1
            dim = np.abs(on_photo - expected)[~seen]
            assert not dim.size or dim.mean() < 25
            assert expected[seen].std() > 20
            view.keyboard.press("ArrowRight")
