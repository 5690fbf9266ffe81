"""The web app, used in Debian's Chromium as people use it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import seewhy
from helpers.browser import CHROMIUM, FLAGS, needs_chromium
from nets import tiny
from seewhy import datasets
from seewhy.app.app_options import AppOptions
from seewhy.audit.finding import CONFIRMED, Finding

pytest.importorskip("gradio", reason="the web app needs seewhy[app]")
from seewhy.app.serve import served

pytestmark = [pytest.mark.one_backend, needs_chromium]
HOSTILE = "</script><img src=x onerror=\"document.title='caught'\">"
ODD = "a <b>&'\" #1?%20 name.png"
CAT = Path(seewhy.__file__).parent / "data" / "chelsea.png"

FINDING = {
    **dict.fromkeys((each.name for each in dataclasses.fields(Finding)), None),
    "class": HOSTILE,
    "verdict": CONFIRMED,
    "why": "pasted into other photos it flips 97%.",
    "share": 0.4,
    "place": "bottom: rows 0.83 to 1.00, columns 0.00 to 1.00",
    "flip_rate": 0.97,
    "interval": [0.9, 1.0],
    "control_rate": 0.1,
    "cells": [[0, 0]],
    "pictures": "../audit/finding-1.jpg",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model file, names of its classes, photos, and a store and an audit of them."""
    folder = tmp_path_factory.mktemp("app")
    model = tiny.plain()
    model.save(folder / "net.keras")
    count = model.output.shape[-1]
    (folder / "names.json").write_text(
        json.dumps([HOSTILE, *[f"thing {k}" for k in range(1, count)]])
    )
    (folder / "photos").mkdir()
    random = np.random.default_rng(0)
    for name in (ODD, *[f"{k:02}.png" for k in range(4)]):
        pixels = random.integers(0, 256, (60, 90, 3), dtype="uint8")
        Image.fromarray(pixels).save(folder / "photos" / name)
    (folder / "photos" / "broken.png").write_bytes(b"\x89PNG\r\n nothing")
    explainer = seewhy.Explainer(
        model, preprocess="unit", labels=str(folder / "names.json"), batch_size=4
    )
    datasets.run(explainer, folder / "photos", folder / "store")
    (folder / "audit").mkdir()
    (folder / "audit" / "audit.json").write_text(json.dumps({"findings": [FINDING]}))
    Image.new("RGB", (200, 100), "red").save(folder / "audit" / "finding-1.jpg")
    return folder


@pytest.fixture(scope="module")
def address(folder):
    options = AppOptions(
        models=("efficientnet_lite0", str(folder / "net.keras")),
        settings={"preprocess": "unit"},
        photos=folder / "photos",
        store=folder / "store",
        audit=folder / "audit",
        most_megabytes=50,
    )
    with served(options) as address:
        yield address


@pytest.fixture
def odd_address(folder):
    """Of a model whose classes have odd names."""
    settings = {"labels": str(folder / "names.json"), "preprocess": "unit"}
    with served(AppOptions(models=(str(folder / "net.keras"),), settings=settings)) as address:
        yield address


@contextlib.contextmanager
def visited(address, *, width=1440, dark=False):
    """The page, and all requests and errors that it makes."""
    from playwright.sync_api import sync_playwright

    told = []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        view = browser.new_page(
            viewport={"width": width, "height": 1000}, color_scheme="dark" if dark else "light"
        )
        view.on("request", lambda request: told.append(request.url))
        view.on("pageerror", lambda error: told.append(f"error: {error}"))
        view.set_default_timeout(90_000)  # other tests may be at work beside it
        view.goto(address)
        view.wait_for_selector("#drop")
        yield view, told
        assert [url for url in told if not url.startswith((address, "data:", "blob:"))] == []
        browser.close()


def dropped(view, path=CAT):
    view.set_input_files("#drop input[type=file]", str(path))
    view.wait_for_selector("#map img", timeout=60_000)
    view.wait_for_function("document.querySelector('#command textarea').value")


def choose(view, selector, text):
    """Choose the first of a list's options that have a text."""
    field = view.locator(f"{selector} input")
    field.click()
    field.press("Control+a")
    field.press_sequentially(text)
    option = view.locator("[role=option]", has_text=text).first
    option.click()


def command_in(view):
    return view.locator("#command textarea").input_value()


def test_drop_click_and_download(address, tmp_path):
    with visited(address) as (view, _):
        dropped(view)
        assert view.locator("#classes .confidence-set").count() == 5
        assert "Egyptian cat" in view.locator("#about").inner_text()
        first = view.locator("#map img").get_attribute("src")
        # a spot: five classes, those of the explanation
        box = view.locator("#photo img").bounding_box()
        view.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
        view.wait_for_selector("#there input")
        names = view.locator("#there label").all_inner_texts()
        explanation = seewhy.explain("efficientnet-lite0", CAT)
        expected = [each.name for each in explanation.at(225, 150)]
        assert [name.split(" (")[0].strip() for name in names] == expected
        # one of them: its map
        view.locator("#there label").nth(1).click()
        view.wait_for_function(
            "first => document.querySelector('#map img').src !== first", arg=first
        )
        asked = explanation.at(225, 150)[1]
        view.wait_for_function(
            f"document.querySelector('#command textarea').value.includes('--target {asked.index}')"
        )
        # the picture that is downloaded is the command's
        view.click("#prepare")
        with view.expect_download() as waiting:
            view.click("#json")
        waiting.value.save_as(tmp_path / "found.json")
        with view.expect_download() as waiting:
            view.click("#png")
        waiting.value.save_as(tmp_path / "found.png")
        found = json.loads((tmp_path / "found.json").read_text())
        assert shlex.split(found["command"]) == shlex.split(command_in(view))
        again = seewhy.reproduce(tmp_path / "found.png", photo=CAT)
        assert again.verdict in ("identical", "within 1e-4")
        assert found["record"]["map"]["sha256"] == again.explanations[0].record.map_sha256


def test_a_class_of_the_list_trust_and_why(address):
    with visited(address) as (view, _):
        dropped(view)
        view.locator("#classes .confidence-set").nth(1).click()
        view.wait_for_function("document.querySelector('#command textarea').value.includes('282')")
        view.click("#ask-trust")
        view.wait_for_selector("#trust table", timeout=90_000)
        assert "faithful to the model" in view.locator("#trust").inner_text()
        view.get_by_role("button", name="Why one class rather than another?").click()
        choose(view, "#rather", "lynx")
        view.get_by_role("button", name="Show what speaks for the first").click()
        view.wait_for_function(
            "document.querySelector('#command textarea').value.includes('--rather-than 287')"
        )
        # another question, another verdict
        assert view.locator("#trust").inner_text().strip() == ""


def test_two_methods_side_by_side_and_one_with_options(address):
    with visited(address) as (view, _):
        dropped(view)
        view.locator("#settings button").first.click()
        choose(view, "#method", "rise:")
        view.locator("#option-masks textarea, #option-masks input").first.fill("20")
        view.locator("#option-masks textarea, #option-masks input").first.press("Tab")
        view.wait_for_timeout(500)
        view.click("#explain")
        view.wait_for_function(
            "document.querySelector('#command textarea').value.includes('masks=20')",
            timeout=60_000,
        )
        view.get_by_role("tab", name="Compare").click()
        view.click("#compare")
        view.wait_for_selector("#second-map img", timeout=60_000)
        assert "grad_cam" in view.locator("#first-words textarea").input_value()


def test_another_model_has_classes_and_layers_of_its_own(address):
    with visited(address) as (view, _):
        dropped(view)
        view.locator("#settings button").first.click()
        choose(view, "#model", "net.keras")
        view.wait_for_function(
            "document.querySelector('#command textarea').value.includes('net.keras')",
            timeout=60_000,
        )
        assert "class" in view.locator("#classes").inner_text()
        choose(view, "#target", "class 2")
        view.wait_for_function(
            "document.querySelector('#command textarea').value.includes('--target 2')"
        )
        assert "class 2" in view.locator("#about").inner_text()


def test_a_run_is_browsed(address, folder):
    with visited(address) as (view, _):
        view.get_by_role("tab", name="Run").click()
        view.wait_for_selector("[data-testid=cell-5-0]")
        assert "6 of 6 rows" in view.locator("#store-count").locator("textarea").input_value()
        view.locator("[data-testid=cell-0-0]").click()
        view.wait_for_selector("#store-map img")
        assert "00.png" in view.locator("#store-facts").inner_text()
        # with the keyboard alone
        before = view.locator("#store-map img").get_attribute("src")
        view.keyboard.press("ArrowDown")
        view.keyboard.press("Enter")
        view.wait_for_function(
            "before => document.querySelector('#store-map img').src !== before", arg=before
        )
        assert "01.png" in view.locator("#store-facts").inner_text()
        view.locator("#store-text textarea, #store-text input").first.fill("broken")
        view.keyboard.press("Enter")
        view.wait_for_function(
            "document.querySelector('#store-count textarea').value.startsWith('1 of 6')"
        )
        view.locator("[data-testid=cell-0-0]").click()
        view.wait_for_function(
            "document.querySelector('#store-facts').innerText.includes('not read')"
        )


def test_a_finding_of_an_audit_is_opened(address):
    with visited(address) as (view, told):
        view.get_by_role("tab", name="Audit").click()
        view.locator("#audit-table [data-testid=cell-0-0]").click()
        view.wait_for_selector("#audit-picture img")
        text = view.locator("#audit-finding").inner_text()
        assert "97% (90% to 100%)" in text
        assert HOSTILE in text
        assert "caught" not in view.title()
        assert not [each for each in told if each.startswith("error")]


def test_the_keyboard_alone_suffices(address):
    with visited(address) as (view, _):

        def to(selector):
            for _ in range(60):
                if view.evaluate(f"document.activeElement.matches('{selector}')"):
                    return
                view.keyboard.press("Tab")
            raise AssertionError(f"{selector} cannot be reached by the Tab key")

        to("#pick input")
        view.keyboard.type("01")
        view.keyboard.press("ArrowDown")
        view.keyboard.press("Enter")
        view.wait_for_selector("#map img", timeout=60_000)
        view.wait_for_function("document.querySelector('#command textarea').value")
        to("#ask-trust")
        to("#classes button.confidence-set")
        view.keyboard.press("Enter")
        view.wait_for_function(
            "document.querySelector('#command textarea').value.includes('--target')"
        )


def test_odd_names_do_nothing(odd_address, folder):
    with visited(odd_address) as (view, told):
        dropped(view, folder / "photos" / ODD)
        view.wait_for_timeout(500)
        choose(view, "#target", "<img")
        view.wait_for_function(
            "document.querySelector('#command textarea').value.includes('--target 0')"
        )
        assert HOSTILE in view.locator("#about").inner_text()
        view.click("#ask-trust")
        view.wait_for_selector("#trust table", timeout=60_000)
        assert "caught" not in view.title()
        assert view.locator("img[src=x]").count() == 0
        assert not [each for each in told if each.startswith("error")]


def test_what_is_no_photo_is_told_in_words(address, folder, tmp_path):
    (tmp_path / "notes.txt").write_text("no photo")
    with visited(address) as (view, _):
        for path in (folder / "photos" / "broken.png", tmp_path / "notes.txt"):
            view.set_input_files("#drop input[type=file]", str(path))
            toast = view.locator(".toast-body", has_text=path.name)
            toast.wait_for(timeout=20_000)
            assert view.locator("#map img").count() == 0
            view.locator("#drop button[aria-label='Clear'], #drop button[aria-label='Remove']")
            view.reload()
            view.wait_for_selector("#drop")
        with (tmp_path / "large.png").open("wb") as file:
            file.truncate(60_000_000)
        view.set_input_files("#drop input[type=file]", str(tmp_path / "large.png"))
        view.locator(".toast-body").first.wait_for(timeout=30_000)
        assert "50" in view.locator(".toast-body").first.inner_text()


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1440, False)])
def test_it_is_readable_for_people_who_see_and_who_do_not(address, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    with visited(address, width=width, dark=dark) as (view, _):
        dropped(view)
        view.wait_for_timeout(800)
        wide = view.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0
        found = Axe().run(view).response["violations"]
        grave = [
            (each["id"], node["html"][:200])
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]
        assert grave == []
