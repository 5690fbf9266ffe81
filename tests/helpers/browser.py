"""Debian's Chromium, headless: pages as people see them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"
)
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@contextlib.contextmanager
def opened(page: Path, *, width: int = 1440, dark: bool = False) -> Iterator[tuple[Any, list[str]]]:
    """A page of a file in Chromium, and the requests and errors that it made."""
    from playwright.sync_api import sync_playwright

    told: list[str] = []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        view = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        view.on("request", lambda request: told.append(request.url))
        view.on("pageerror", lambda error: told.append(f"error: {error}"))
        view.set_default_timeout(90_000)  # other tests may be at work beside it
        view.goto(page.resolve().as_uri())
        yield view, told
        browser.close()


def assert_readable(view: Any, told: list[str]) -> None:
    """All pictures are there, nothing came from elsewhere, nothing is wider than the window."""
    outside = [url for url in told if not url.startswith(("file://", "data:"))]
    assert not outside
    pictures = view.evaluate("[...document.images].map(i => [i.naturalWidth, i.alt])")
    assert all(width > 0 and alt for width, alt in pictures)
    wide = view.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
    # letters differ from what is behind them, in light and dark
    contrast = view.evaluate(
        """() => {
          const numbers = text => text.match(/[\\d.]+/g).map(Number);
          const light = ([r, g, b]) => {
            const part = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
            return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
          };
          const behind = e => {
            for (; e; e = e.parentElement) {
              const c = numbers(getComputedStyle(e).backgroundColor);
              if (c.length < 4 || c[3] > 0) return c;
            }
            return [255, 255, 255];
          };
          const texts = [...document.querySelectorAll("*")].filter(
            e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
              && e.offsetParent);
          return texts.map(e => {
            const a = light(numbers(getComputedStyle(e).color)), b = light(behind(e));
            return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent.trim()];
          });
        }"""
    )
    faint = [(round(ratio, 2), text[:60]) for ratio, text in contrast if ratio < 4.5]
    assert faint == [], faint
