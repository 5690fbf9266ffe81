"""The widget in which one points at a photo: its answers, and itself in Chromium."""

from __future__ import annotations

import io
import pickle
import sys

import numpy as np
import pytest
from PIL import Image

import seewhy
from helpers.browser import CHROMIUM, FLAGS, needs_chromium
from nets import tiny
from seewhy.errors import DependencyError, OptionError
from seewhy.render.notebooks import explorer
from seewhy.results.in_notebooks import SHOWN

pytest.importorskip("anywidget", reason="the widget needs seewhy[notebook]")

pytestmark = pytest.mark.one_backend
HOSTILE = "<img src=x onerror=\"document.title='caught'\">"
NAMES = [HOSTILE, "dog", "cat", "lynx", "fox"]


@pytest.fixture(scope="module")
def explanation():
    small = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype="uint8")
    pixels = np.asarray(Image.fromarray(small).resize((90, 60), Image.Resampling.BICUBIC))
    return seewhy.explain(tiny.plain(), pixels, preprocess="unit", labels=NAMES, fit="letterbox")


def opened_image(content):
    return np.asarray(Image.open(io.BytesIO(content)), "int32")


@pytest.mark.parametrize("place", [(0.5, 0.5), (0.0, 0.99), (1.0, 0.02)])
def test_it_tells_the_classes_of_the_spot(explanation, place):
    widget = explanation.explore()
    assert widget.classes == []
    widget.point = list(place)
    x, y = min(int(place[0] * 90), 89), min(int(place[1] * 60), 59)
    found = explanation.at(x, y)
    assert [each["index"] for each in widget.classes] == [each.index for each in found]
    assert [each["value"] for each in widget.classes] == [each.value for each in found]
    assert widget.note == ""


def test_it_shows_the_map_of_a_class_that_is_chosen(explanation):
    widget = explanation.explore()
    own = opened_image(widget.overlay)
    assert np.abs(own - np.asarray(explanation.thumbnail(SHOWN), "int32")).mean() < 4
    widget.chosen = 3
    pixels = explanation.photo.pixels
    other = seewhy.explain(
        tiny.plain(), pixels, target=3, preprocess="unit", labels=NAMES, fit="letterbox"
    )
    shown = opened_image(widget.overlay)
    assert np.abs(shown - np.asarray(other.thumbnail(SHOWN), "int32")).mean() < 4
    widget.chosen = -1
    assert np.abs(opened_image(widget.overlay) - own).max() == 0


def test_points_beside_the_photo_and_unseen_places_are_told():
    pixels = np.random.default_rng(1).integers(0, 256, (40, 90, 3), dtype="uint8")
    cropped = seewhy.explain(tiny.plain(), pixels, preprocess="unit", fit="crop")
    widget = cropped.explore()
    widget.point = [0.01, 0.5]
    assert widget.classes == []
    assert "did not see" in widget.note
    widget.point = [0.5, 0.5]
    assert widget.note == ""
    assert len(widget.classes) == 5
    for point in ([], [2.0, 0.5], [0.5], [float("nan"), 0.5]):
        widget.point = point
        assert widget.classes == []


def test_what_cannot_be_explored_is_told(explanation, monkeypatch):
    with pytest.raises(OptionError, match="model"):
        pickle.loads(pickle.dumps(explanation)).explore()
    explorer._widget_class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(DependencyError, match=r"seewhy\[notebook\]"):
        explanation.explore()
    explorer._widget_class.cache_clear()


def test_a_notebook_executes_it():
    import nbformat
    from nbclient import NotebookClient

    cells = [
        "import numpy as np, keras, seewhy",
        "image = keras.Input((16, 16, 3))",
        "x = keras.layers.Conv2D(4, 3, padding='same', activation='relu')(image)",
        "x = keras.layers.GlobalAveragePooling2D()(x)",
        "model = keras.Model(image, keras.layers.Dense(3)(x))",
        "pixels = np.arange(768, dtype='uint8').reshape(16, 16, 3)",
        "explanation = seewhy.explain(model, pixels, preprocess='unit')",
        "widget = explanation.explore()\nwidget",
        "widget.point = [0.5, 0.5]\n[each['index'] for each in widget.classes] == "
        "[each.index for each in explanation.at(8, 8)]",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    shown = notebook.cells[-2].outputs[-1].data
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert notebook.cells[-1].outputs[-1].data["text/plain"] == "True"


PAGE = """<!doctype html><meta charset="utf-8"><title>widget</title>
<style>%(css)s</style><body style="margin:1em;%(theme)s"><div id="here"></div><script type="module">
%(esm)s
const heard = {};
const bytes = list => new Uint8Array(list);
const state = await window.stateOf();
state.photo = bytes(state.photo);
state.overlay = bytes(state.overlay);
const changed = {};
window.model = {
  get: name => state[name],
  set: (name, value) => { state[name] = value; changed[name] = value; },
  on: (name, work) => (heard[name] ||= []).push(work),
  off: () => {},
  save_changes: async () => {
    const sent = {...changed};
    for (const name of Object.keys(changed)) delete changed[name];
    const back = await window.sent(sent);
    for (const [name, value] of Object.entries({...sent, ...back}))  {
      state[name] = name === "overlay" ? bytes(value) : value;
      (heard[`change:${name}`] || []).forEach(work => work());
    }
  },
};
render({model: window.model, el: document.getElementById("here")});
document.body.dataset.ready = "yes";
</script></body>"""
THEMES = {False: "background:#fff;color:#111", True: "background:#111;color:#eee"}


@needs_chromium
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1440, False)])
def test_in_chromium(explanation, tmp_path, width, dark):
    from playwright.sync_api import sync_playwright

    widget = explanation.explore()
    esm = (explorer.FOLDER / "explorer.js").read_text().replace("export default {render};", "")
    css = (explorer.FOLDER / "explorer.css").read_text()
    page = tmp_path / "page.html"
    page.write_text(PAGE % {"esm": esm, "css": css, "theme": THEMES[dark]})

    def state_of():
        names = ("title", "point", "classes", "chosen", "note")
        pictures = {name: list(getattr(widget, name)) for name in ("photo", "overlay")}
        return {name: getattr(widget, name) for name in names} | pictures

    def sent(changes):
        for name, value in changes.items():
            setattr(widget, name, value)
        return {"classes": widget.classes, "note": widget.note, "overlay": list(widget.overlay)}

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        view = browser.new_page(viewport={"width": width, "height": 700})
        told = []
        view.on("pageerror", lambda error: told.append(str(error)))
        view.expose_function("stateOf", state_of)
        view.expose_function("sent", sent)
        view.goto(page.as_uri())
        view.wait_for_selector("body[data-ready]")
        box = view.locator(".stage").bounding_box()
        view.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.6 * box["height"])
        view.wait_for_selector(".side ol li button span")
        x, y = int(0.3 * 90), int(0.6 * 60)
        names = [each.name for each in explanation.at(x, y)]
        assert view.locator(".side ol").first.locator("button").all_inner_texts() == names
        # a click keeps the spot, so that a class can be chosen
        view.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.6 * box["height"])
        before = view.locator(".map").get_attribute("src")
        view.locator(".side ol").first.locator("button").nth(1).click()
        view.wait_for_function(
            "before => document.querySelector('.map').src !== before", arg=before
        )
        assert widget.chosen == explanation.at(x, y)[1].index
        # with the keyboard alone
        view.locator(".stage").focus()
        for _ in range(5):
            view.keyboard.press("ArrowRight")
        view.wait_for_timeout(300)
        assert widget.point[0] == pytest.approx(0.4, abs=0.01)
        assert view.title() == "widget"
        assert view.locator("img[src=x]").count() == 0
        wide = view.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0
        assert told == []
        browser.close()
