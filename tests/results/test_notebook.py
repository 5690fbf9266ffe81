"""A notebook with every kind of result, executed, and looked at in Chromium in light and dark."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from helpers.browser import assert_readable, needs_chromium, opened

pytestmark = pytest.mark.one_backend

CELLS = [
    """
import os
import warnings
from pathlib import Path

import keras
import numpy as np
from PIL import Image

import seewhy

warnings.simplefilter("ignore", seewhy.errors.SeewhyWarning)
keras.utils.set_random_seed(1)
image = keras.Input((32, 32, 3))
x = keras.layers.Rescaling(1 / 255)(image)
x = keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="cells")(x)
x = keras.layers.MaxPooling2D(4)(x)
x = keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="parts")(x)
x = keras.layers.GlobalAveragePooling2D()(x)
model = keras.Model(image, keras.layers.Dense(3, activation="softmax")(x), name="small")
names = ["tiger_cat", "<script>alert('dog')</script>", "ox"]
Path("photos").mkdir(exist_ok=True)
Path("masks").mkdir(exist_ok=True)
for k in range(3):
    pixels = np.random.default_rng(k).integers(0, 256, (60, 80, 3), dtype="uint8")
    Image.fromarray(pixels).save(f"photos/{k}.png")
    Image.fromarray(np.pad(np.full((20, 30), 255, "uint8"), ((10, 30), (20, 30)))).save(
        f"masks/{k}.png"
    )
photos = [f"photos/{k}.png" for k in range(3)]
explainer = seewhy.Explainer(model, labels=names, top=3)
explainer
""",
    "explainer(photos[:1])[0]",
    "explanations = explainer(photos, targets=[0, 1, 2])\nexplanations",
    "explanations.to_frame()",
    "seewhy.compare(explainer, photos[0], methods=['grad_cam', 'eigen_cam', 'attention_rollout'],"
    " targets=[0, 1])",
    "seewhy.debug(explainer, photos[0], 1)",
    "explanations[0].trust()",
    "seewhy.layers(model)",
    "seewhy.diff(explainer, explainer.having(method='eigen_cam'), 'photos')",
    "seewhy.diff(explainer, explainer, 'photos')",
    "seewhy.evaluate(explainer, 'photos', 'masks', target=0)",
    "seewhy.benchmark(explainer, 'photos', methods=['grad_cam', 'hires_cam'],"
    " metrics=['increase'])",
]
THEMES = {False: "background:#fff;color:#111", True: "background:#111;color:#eee"}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """What each cell showed: its HTML or plain text."""
    import nbformat
    from nbclient import NotebookClient

    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
    shown = []
    for cell in notebook.cells:
        results = [each for each in cell.outputs if each.output_type == "execute_result"]
        data = results[-1].data if results else {}
        shown.append(data.get("text/html") or data.get("text/plain", ""))
    return shown


def page(outputs: list[str], folder: Path, dark: bool) -> Path:
    # as JupyterLab shows outputs: below each other, tables as wide as they are
    parts = "".join(f"<section style='overflow-x:auto'>{html}</section>" for html in outputs)
    path = folder / f"{'dark' if dark else 'light'}.html"
    head = f"<meta charset='utf-8'><body style='margin:1em;{THEMES[dark]}'>"
    path.write_text(f"<!doctype html><html>{head}{parts}</body></html>", encoding="utf-8")
    return path


def test_every_result_shows_itself(outputs):
    assert outputs[0] == "Explainer(model='small', layer='parts', method='grad_cam')"
    assert outputs[1].count("<img") == 2  # the overlay and the colours
    assert outputs[2].count("<figure") == 3
    for html in (*outputs[1:3], *outputs[4:]):
        assert html.lstrip().startswith("<div")
        assert "<script>" not in html
    assert "tiger cat" in outputs[2]
    assert "No photo differs." in outputs[9]
    for words in ("grad_cam", "hires_cam (= grad_cam)", "random map"):
        assert words in outputs[11]


@needs_chromium
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1440])
def test_a_notebook_in_chromium(outputs, tmp_path, dark, width):
    # frames of pandas have a style of their own
    own = [html for k, html in enumerate(outputs) if k not in (0, 3)]
    with opened(page(own, tmp_path, dark), width=width, dark=dark) as (view, told):
        assert_readable(view, told)
        if os.environ.get("SEEWHY_SCREENSHOTS"):
            place = Path(os.environ["SEEWHY_SCREENSHOTS"]) / f"notebook_{width}_{dark}.png"
            view.screenshot(path=place, full_page=True)
