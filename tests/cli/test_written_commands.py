"""The commands that stand in the README and the pages can be given as they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from seewhy.cli.app import app

pytestmark = pytest.mark.framework_free
ROOT = Path(__file__).parents[2]
COMMAND = typer.main.get_command(app)


def lines_of(text):
    """Commands in blocks of a shell, each on one line, without what a shell does with them."""
    found = []
    for block in re.findall(r"```(?:console|sh|bash)\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if "seewhy" in words[:1]:
                ends = [k for k, word in enumerate(words) if word in ("|", ">", ">>", "&&", ";")]
                found.append(words[1 : min(ends, default=len(words))])
    return found


PAGES = ["README.md", *(f"docs/{each.name}" for each in sorted((ROOT / "docs").glob("*.md")))]
LINES = [(page, words) for page in PAGES for words in lines_of((ROOT / page).read_text())]


def check(words):
    """Raises what the command line raises for words that it does not take."""
    name, *rest = words
    command = COMMAND.commands[name]
    try:
        command.make_context(name, rest, parent=None)
    except typer.Exit:  # --help
        return


@pytest.mark.parametrize(
    ("page", "words"), LINES, ids=[f"{page}: {' '.join(words)}" for page, words in LINES]
)
def test_a_written_command_is_taken(page, words):
    check(words)


def test_there_are_many_and_wrong_ones_are_found_out():
    assert len(LINES) > 40
    assert {words[0] for page, words in LINES if page == "README.md"} >= {"explain", "audit", "app"}
    for wrong in ("audit photos --model my.keras", "explain a.jpg --nosuch 1", "nosuch"):
        with pytest.raises(Exception, match=r"(?i)missing|no such|nosuch"):
            check(wrong.split())
