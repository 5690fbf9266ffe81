"""Commands run in this process, with what they print and their exit status."""

from __future__ import annotations

import sys

import pytest

from seewhy.cli import app, session


def run_command(monkeypatch, capsys, *line):
    """Run `seewhy LINE`; its exit status, stdout, and stderr with the text that it ends with."""
    monkeypatch.setattr(sys, "argv", ["seewhy", *map(str, line)])
    with pytest.raises(SystemExit) as stopped:
        app.main()
    out, err = capsys.readouterr()
    code = stopped.value.code
    return (1, out, err + code) if isinstance(code, str) else (code or 0, out, err)


def forbid_backend(monkeypatch):
    """From now on no backend may be loaded."""

    def fail():
        raise AssertionError("a backend is loaded")

    monkeypatch.setattr(session, "load_backend", fail)
