"""The help of all commands, in a terminal of usual width."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from seewhy.cli import app
from seewhy.cli.arguments import flags

pytestmark = pytest.mark.framework_free

COMMANDS = [each.callback.__name__ for each in app.app.registered_commands]
PANELS = (flags.ASKED, flags.HOW, flags.PICTURES, flags.OUTPUT)


def printed(monkeypatch, *arguments, width=80):
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", width)
    monkeypatch.setenv("COLUMNS", str(width))
    result = CliRunner().invoke(app.app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("name", ["", *COMMANDS])
@pytest.mark.parametrize("width", [80, 120])
def test_help_fits_and_shows_no_types(monkeypatch, name, width):
    out = printed(monkeypatch, *[name][: len(name)], "--help", width=width)
    assert max(map(len, out.splitlines())) <= width
    for kind in ("bool", "str", "int", "float", "path", "list["):
        assert f"<{kind}" not in out
    # text fills its lines: none of a paragraph is short, but the last
    lines = [line.strip() for line in out.splitlines()]
    paragraph = lines[3 : lines.index("", 4)]
    assert all(len(line) > width - 25 for line in paragraph[:-1])


@pytest.mark.parametrize("name", ["explain", "locate", "compare", "debug", "diff"])
def test_panels_stand_in_their_order(monkeypatch, name):
    out = printed(monkeypatch, name, "--help")
    places = [out.index(f"─ {panel} ─") for panel in PANELS]
    assert places == sorted(places)
    assert "─ Options ─" not in out


def test_the_bare_command_greets(monkeypatch):
    out = printed(monkeypatch)
    for name in ("demo", "explain", "debug", "locate", "methods"):
        assert f"seewhy {name}" in out
    assert len(out.splitlines()) < 15
