"""The page of an audit, in a real Chromium."""

from __future__ import annotations

import dataclasses
import gc
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

import seewhy
from helpers.browser import assert_readable, needs_chromium, opened
from helpers.commands import run_command
from seewhy.audit import AuditOptions
from seewhy.audit.page.pictures import jpeg, under_map
from seewhy.audit.page.scatter import drawn_points, scattered
from seewhy.errors import ImageNotFoundError, OptionError

pytestmark = pytest.mark.one_backend
HOSTILE = ["</script><script>document.title='caught'</script>", "a\"'><img src=x onerror=alert(1)>"]


@pytest.fixture(scope="module")
def written(used, tmp_path_factory):
    """An audit of classes with odd names, and its folder."""
    folder = tmp_path_factory.mktemp("page")
    choices = AuditOptions(confirm=4, recipients=16)
    how = {"preprocess": "none", "labels": HOSTILE, "choices": choices}
    return seewhy.audit(used.folder / "photos", used.model, folder=folder / "out", **how), folder


def points_in(page):
    return json.loads(re.search(r'id="points">(.*?)</script>', page, re.DOTALL)[1])


def test_points_are_the_photos_of_the_class_with_those_of_the_findings(written):
    audit, folder = written
    page = (folder / "out/audit.html").read_text()
    points = points_in(page)
    assert set(points) == {str(each.class_index) for each in audit}
    first = audit[0]
    rows = [each["row"] for each in points[str(first.class_index)]["points"]]
    assert set(audit.members[first.key]) <= set(rows)
    for own in points.values():
        for places in own["views"].values():
            assert len(places) == len(own["points"])
            assert 0 <= np.min(places) <= np.max(places) <= 1000


@needs_chromium
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1440, False)])
def test_a_finding_is_opened_and_looked_at_with_keys_alone(written, width, dark):
    audit, folder = written
    with opened(folder / "out/audit.html", width=width, dark=dark) as (view, told):
        cards = view.locator("details.item")
        assert cards.count() >= len(audit)
        assert_readable(view, told)
        for _ in range(12):  # past the filters, to the first finding
            view.keyboard.press("Tab")
            if view.evaluate("document.activeElement.matches('#finding-1 summary')"):
                break
        view.keyboard.press("Enter")
        first = view.locator("#finding-1")
        view.wait_for_selector("#finding-1 circle")
        text = first.inner_text()
        assert "confirmed shortcut" in text
        assert HOSTILE[1] in text
        assert f"{audit[0].flip_rate:.0%}".replace("%", " %") in text
        assert first.locator(".photos figure").count() == 12
        assert first.locator(".pairs figure").count() == 12
        own = first.locator("circle.own").count()
        assert own == audit[0].photos
        first.locator("svg").focus()
        view.keyboard.press("ArrowRight")
        seen = first.locator(".seen")
        assert "belongs to this finding" in seen.inner_text()
        for key in ("ArrowUp", "ArrowLeft", "ArrowRight", "ArrowDown"):
            view.keyboard.press(key)
        assert seen.locator("img").count() == 2
        assert_readable(view, told)
        view.keyboard.press("m")
        assert view.locator(".photo .overlay:visible").count() == 0
        view.keyboard.press("m")
        assert view.locator("#finding-1 .photo .plain:visible").count() == 0
        assert view.title().startswith("Audit of")
        assert not [each for each in told if each.startswith("error")]
        assert [url for url in told if not url.startswith("data:")] == told[:1]


@needs_chromium
def test_points_are_clicked_and_findings_filtered(written):
    audit, folder = written
    with opened(folder / "out/audit.html") as (view, told):
        view.locator("#finding-1 summary").click()
        box = view.locator("#finding-1 .scatter")
        names = set()
        for circle in box.locator("circle").all()[::9]:
            circle.click()
            names.add(box.locator(".seen .name").inner_text())
            title = circle.evaluate("c => c.querySelector('title').textContent")
            assert title.startswith(box.locator(".seen .name").inner_text())
        assert len(names) > 3
        before = box.locator("circle").first.get_attribute("cx")
        box.get_by_label("by what the layer saw there").check()
        assert box.locator("circle").first.get_attribute("cx") != before
        form = view.locator("#form")

        def shown():
            return view.locator("details.item:visible").count()

        total = view.locator("details.item").count()
        form.locator("[name=verdict]").select_option("confirmed shortcut")
        assert shown() == len(audit.confirmed) == 1
        assert view.locator("#count").inner_text().startswith(f"1 of {total} ")
        view.locator("button[type=reset]").click()
        view.wait_for_function(
            f"document.getElementById('count').textContent.startsWith('{total}')"
        )
        form.locator("[name=class]").select_option(HOSTILE[0])
        expected = sum(each.class_name == HOSTILE[0] for each in audit)
        assert shown() == max(expected, 1)
        form.locator("[name=text]").fill("no photo has this name")
        assert shown() == 0
        assert not [each for each in told if each.startswith("error")]


@needs_chromium
def test_classes_without_findings_are_shown_with_photos_drawn_at_random(used, tmp_path):
    audit = used.audit(confirm=1, recipients=16)
    audit.save_html(tmp_path / "page.html")
    with opened(tmp_path / "page.html") as (view, told):
        view.locator("#open").click()
        (other,) = {0, 1} - {each.class_index for each in audit}
        item = view.locator("details[data-verdict=none]")
        assert item.count() == 1
        assert f"class {other}" in item.inner_text()
        assert item.locator(".photos figure").count() == 12
        names = item.locator(".photos .name").all_inner_texts()
        assert len(set(names)) == 12
        assert names != sorted(names)
        assert_readable(view, told)


@needs_chromium
@pytest.mark.parametrize(("width", "dark"), [(390, False), (1440, True)])
def test_what_is_told_beside_the_findings_is_shown(used, unmarked, masks, tmp_path, width, dark):
    choices = AuditOptions(confirm=1, recipients=16, boxes=masks, against=unmarked)
    audit = seewhy.audit(used.store, used.model, choices=choices, preprocess="none")
    audit.save_html(tmp_path / "page.html")
    with opened(tmp_path / "page.html", width=width, dark=dark) as (view, told):
        view.locator("[name=verdict]").select_option("beside the findings")
        view.locator("#open").click()
        for section in ("errors", "outside", "drift"):
            assert view.locator(f"#{section} figure").count() > 1
        first = audit.beside["errors"]["photos"][0]
        text = view.locator("#errors figure").first.inner_text()
        assert first["id"] in text
        assert f"{first['probability']:.0%}" in text
        assert first["place"] in text
        assert audit.beside["outside_boxes"]["photos"][0]["id"] in (
            view.locator("#outside figure").first.inner_text()
        )
        moved = [each["class"] for each in audit.beside["drift"]["classes"] if each["moved"]]
        marked = view.locator("#drift .changed").all_inner_texts()
        assert marked == moved
        assert_readable(view, told)


@needs_chromium
def test_photos_in_two_folders_are_shown(used, tmp_path):
    for k in range(20):
        for folder in ("train/0", "val/1"):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(used.data.photos[k]).save(tmp_path / folder / f"{k} <b>.png")
    audit = seewhy.audit(
        tmp_path,
        used.model,
        choices=AuditOptions(confirm=1, recipients=16, labels_from_folder=True),
        preprocess="none",
    )
    assert audit.beside["duplicates"]["in_folders"] == 20
    audit.save_html(tmp_path / "page.html")
    with opened(tmp_path / "page.html") as (view, told):
        view.locator("#duplicates summary").click()
        text = view.locator("#duplicates").inner_text()
        assert "they contradict" in text
        assert "train/0/0 <b>.png" in text
        assert view.locator("#duplicates figure").count() == 24
        assert_readable(view, told)


def test_an_address_opens_its_finding_and_pages_stay_while_nothing_changes(used, written):
    _, folder = written
    page = folder / "out/audit.html"
    before = page.stat().st_mtime_ns
    choices = AuditOptions(confirm=4, recipients=16)
    how = {"preprocess": "none", "labels": HOSTILE, "choices": choices}
    seewhy.audit(used.folder / "photos", used.model, folder=folder / "out", **how)
    assert page.stat().st_mtime_ns == before
    page.write_text(re.sub("seewhy audit .{16}", "another", page.read_text(), count=1)[:300])
    seewhy.audit(used.folder / "photos", used.model, folder=folder / "out", **how)
    assert page.read_text().endswith("</html>\n")


def test_photos_that_are_gone_since_are_left_out(used, tmp_path):
    shutil.copytree(used.folder / "photos", tmp_path / "photos")
    choices = AuditOptions(confirm=1, recipients=16)
    audit = seewhy.audit(tmp_path / "photos", used.model, preprocess="none", choices=choices)
    for path in list((tmp_path / "photos/1").iterdir())[::2]:
        path.unlink()
    page = audit.save_html(tmp_path / "page.html").read_text()
    assert page.count('class="photo"') >= 12


def test_a_store_that_was_made_for_an_audit_goes_with_it(used, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    choices = AuditOptions(confirm=1, recipients=16)
    audit = seewhy.audit(used.folder / "photos", used.model, preprocess="none", choices=choices)
    assert len(list(tmp_path.iterdir())) == 1
    assert "</html>" in audit.save_html(tmp_path / "page.html").read_text()
    (tmp_path / "page.html").unlink()
    del audit
    gc.collect()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ImageNotFoundError):
        seewhy.audit(tmp_path / "nothing", used.model, preprocess="none", choices=choices)
    assert list(tmp_path.iterdir()) == []


def test_errors_of_pages_tell_the_mend(used, tmp_path):
    audit = used.audit(confirm=1, recipients=16)
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="cannot be written to"):
        audit.save_html(tmp_path / "file" / "page.html")
    with pytest.raises(OptionError, match=r"audit\.html"):
        dataclasses.replace(audit, draw=None).save_html(tmp_path / "page.html")


def test_the_command_tells_where_the_page_is(used, monkeypatch, capsys, tmp_path):
    line = ["audit", used.folder / "store", "--model", used.model, "--output", tmp_path / "out"]
    line += ["--confirm", 1, "--recipients", 16, "--preprocess", "none"]
    status, out, _ = run_command(monkeypatch, capsys, *line)
    assert status == 0
    assert out.splitlines()[-1].endswith("out/audit.html")
    assert (tmp_path / "out/audit.html").stat().st_size > 100_000


def test_neighbours_in_the_scatter_are_photos_that_are_alike():
    random = np.random.default_rng(0)
    centres = np.eye(12, dtype="float32")[:3]
    of = np.repeat([0, 1, 2], 20)
    vectors = centres[of] + random.normal(0, 0.05, (60, 12)).astype("float32")
    places = scattered(vectors, 0)
    assert places.shape == (60, 2)
    assert places.min() == 0
    assert places.max() == 1
    far = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(far, np.inf)
    assert (of[far.argmin(axis=1)] == of).all()
    np.testing.assert_array_equal(places, scattered(vectors, 0))


@pytest.mark.parametrize("count", [1, 2, 4, 5, 6])
@pytest.mark.parametrize("same", [True, False])
def test_few_points_or_equal_ones_have_places(count, same):
    vectors = np.random.default_rng(1).random((count, 5)).astype("float32")
    if same:
        vectors[:] = vectors[:1]
    places = scattered(vectors, 0)
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()
    assert (places >= 0).all()
    assert (places <= 1).all()


@pytest.mark.parametrize("own", [0, 3, 150, 400])
@pytest.mark.parametrize("count", [150, 500])
def test_points_are_drawn_once_each_and_findings_are_among_them(own, count):
    random = np.random.default_rng(0)
    of_class = np.sort(random.permutation(1000)[:count])
    members = of_class[: min(own, count)]
    drawn = drawn_points(of_class, members, random)
    assert len(drawn) == len(set(drawn)) == min(200, count)
    assert np.isin(drawn, of_class).all()
    inside = np.isin(drawn, members).sum()
    assert inside >= min(len(members), 100)
    assert inside == 100 or own != 400 or count != 500 or len(members) > 300


def test_a_map_lies_on_the_network_s_photo_where_the_store_says():
    pixels = np.full((40, 60, 3), 128, "uint8")
    map = np.zeros((4, 6), "float32")
    map[2, 3] = 1
    for extents, hot in [(None, (25, 35)), ([[-20, 40, 15], [30, 60, 5]], (18, 47))]:
        drawn = under_map(pixels, map, extents).astype(int)
        change = np.abs(drawn - 128).sum(axis=2)
        found = np.unravel_index(change.argmax(), change.shape)
        assert np.abs(np.subtract(found, hot)).max() <= 4
    assert jpeg(pixels).startswith("data:image/jpeg;base64,")
