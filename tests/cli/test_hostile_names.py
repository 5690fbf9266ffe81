"""What comes from outside reaches the terminal as text that it only shows."""

from __future__ import annotations

import json
import unicodedata

import pytest
from rich.console import Console

from seewhy.cli import session

HOSTILE = "a\x1b]0;owned\x07\r\b\x9b2J\u202e\udcff[red]b[/]\x7f"


def shown(text):
    """Whether a terminal only shows it, and an encoder takes it."""
    text.encode("utf-8")
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in text if c != "\n")


def test_visible_text_keeps_what_is_harmless():
    assert session.visible("Zürich 猫 [red] – ‘x’") == "Zürich 猫 [red] – ‘x’"
    assert session.visible("a\x1b[2Jb\n") == "a\\x1b[2Jb\\n"
    assert shown(session.visible(HOSTILE))


def test_tables_show_markup_as_it_is(capsys):
    console = Console(width=200, highlight=False)
    console.print(session.words(HOSTILE))
    printed = capsys.readouterr().out
    assert shown(printed)
    assert "[red]b[/]" in printed


def test_json_is_the_same_record(capsys):
    text = session.json_text({"name": HOSTILE, "list": [1, "Zürich"]})
    assert shown(text)
    assert "Zürich" in text
    assert json.loads(text) == {"name": HOSTILE, "list": [1, "Zürich"]}


@pytest.mark.parametrize("tell", [session.echo, session.echo_lines, session.tell_problem])
def test_lines(tell, capsys):
    tell(HOSTILE)
    captured = capsys.readouterr()
    assert shown(captured.out + captured.err)
    assert "[red]b[/]" in captured.out + captured.err


def test_an_error_keeps_its_lines():
    assert session.error_text("a\x1b\nb") == "seewhy: a\\x1b\nb"
