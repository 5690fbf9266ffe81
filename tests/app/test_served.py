"""The served app, asked by programs: many at once, by strangers, and for files that are not its."""

from __future__ import annotations

import json
import socket
import sys
import tempfile
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import seewhy
from helpers.commands import forbid_backend, run_command
from nets import tiny
from seewhy.app.app_options import AppOptions
from seewhy.errors import DependencyError, OptionError, SeewhyError

pytest.importorskip("gradio", reason="the web app needs seewhy[app]")
import httpx

from seewhy.app import serve
from seewhy.app.page_parts import gradio_parts
from seewhy.app.page_parts.audit_tab import read_findings
from seewhy.app.serve import served

pytestmark = pytest.mark.one_backend


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    tiny.plain().save(folder / "net.keras")
    random = np.random.default_rng(0)
    for k in range(3):
        pixels = random.integers(0, 256, (60, 90, 3), dtype="uint8")
        Image.fromarray(pixels).save(folder / f"{k}.png")
    return folder


def options(folder, **changes):
    settings = {"preprocess": "unit"}
    return AppOptions(models=(str(folder / "net.keras"),), settings=settings, **changes)


@pytest.fixture(scope="module")
def address(folder):
    with served(options(folder)) as address:
        yield address


class Visitor:
    """One browser's session, without a browser."""

    def __init__(self, address):
        self.http = httpx.Client(base_url=address, timeout=120)
        self.session = uuid.uuid4().hex
        self.config = self.http.get("config").json()

    def event(self, name, event):
        """What happens at an event of the component with an id, and what follows it."""
        ids = {each["props"].get("elem_id"): each["id"] for each in self.config["components"]}
        found = self.config["dependencies"]
        (first,) = [each for each in found if [ids[name], event] in map(list, each["targets"])]
        then = [each for each in found if each.get("trigger_after") == first["id"]]
        return first, then[0] if then else None

    def upload(self, path):
        with path.open("rb") as file:
            return self.http.post("gradio_api/upload", files={"files": (path.name, file)})

    def ask(self, dependency, data):
        body = {"data": data, "fn_index": dependency["id"], "session_hash": self.session}
        joined = self.http.post("gradio_api/queue/join", json=body)
        joined.raise_for_status()
        url = f"gradio_api/queue/data?session_hash={self.session}"
        with self.http.stream("GET", url) as lines:
            for line in lines.iter_lines():
                if line.startswith("data:"):
                    told = json.loads(line[5:])
                    if told["msg"] == "process_completed":
                        return told
        raise AssertionError("no answer")

    def dropped(self, path):
        """Drop a photo; what the page shows then."""
        (sent,) = self.upload(path).json()
        first, then = self.event("drop", "change")
        file = {"path": sent, "orig_name": path.name, "meta": {"_type": "gradio.FileData"}}
        told = self.ask(first, [file])
        if not told["success"]:
            return told
        inputs = len(then["inputs"])
        return self.ask(then, [*[None] * (inputs - 1), "clear"])


def test_fifty_at_once_are_all_answered(address, folder):
    started = threading.active_count()

    def visit(k):
        return Visitor(address).dropped(folder / f"{k % 3}.png")

    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(visit, range(50)))
    assert all(each["success"] for each in found)
    commands = [each["output"]["data"][4] for each in found]
    assert all(f"{k % 3}.png" in command for k, command in enumerate(commands))
    assert threading.active_count() < started + 60


def test_of_more_than_wait_some_are_told_so(folder):
    with served(options(folder, waiting=2)) as address:

        def visit(k):
            try:
                return Visitor(address).dropped(folder / f"{k % 3}.png")
            except httpx.HTTPStatusError as error:
                return error.response.status_code

        with ThreadPoolExecutor(30) as pool:
            found = list(pool.map(visit, range(30)))
        answered = [each for each in found if isinstance(each, dict) and each["success"]]
        assert answered
        others = [each for each in found if isinstance(each, int)]
        assert all(status in (429, 503) for status in others)


def test_no_file_but_those_of_the_page_can_be_had(address, folder):
    visitor = Visitor(address)
    (sent,) = visitor.upload(folder / "0.png").json()
    assert visitor.http.get(f"gradio_api/file={sent}").status_code == 200
    secret = folder / "net.keras"
    for path in (
        secret,
        "/etc/passwd",
        f"{Path(sent).parent}/../../../..{secret}",
        Path(seewhy.__file__),
        f"{Path(sent).parent}/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        Path.cwd() / "pyproject.toml",
    ):
        assert visitor.http.get(f"gradio_api/file={path}").status_code in (403, 404, 422)
    # a path that somebody writes into a request is no file that was sent
    first, _ = visitor.event("drop", "change")
    for path in ("/etc/passwd", str(folder / "1.png"), f"{sent}/../../../1.png"):
        file = {"path": path, "orig_name": "a.png", "meta": {"_type": "gradio.FileData"}}
        assert not visitor.ask(first, [file])["success"]


def test_a_file_that_is_too_large_is_refused(folder, tmp_path):
    with served(options(folder, most_megabytes=1)) as address:
        visitor = Visitor(address)
        (tmp_path / "large.png").write_bytes(bytes(2_000_000))
        assert visitor.upload(tmp_path / "large.png").status_code == 413
        assert visitor.upload(folder / "0.png").status_code == 200


def test_a_decompression_bomb_is_refused_in_words(address, tmp_path):
    Image.new("L", (20_000, 20_000)).save(tmp_path / "bomb.png")
    told = Visitor(address).dropped(tmp_path / "bomb.png")
    assert not told["success"]
    assert "pixels" in told["output"]["error"]


def test_programs_may_not_ask_unless_that_was_wished(address):
    visitor = Visitor(address)
    listed = visitor.http.get("gradio_api/info").json()
    assert listed["named_endpoints"] == {}
    assert visitor.http.get("gradio_api/mcp/schema").status_code == 404


def test_programs_ask_by_http_and_mcp(folder):
    from gradio_client import Client, handle_file

    with served(options(folder, mcp=True)) as address:
        client = Client(address, verbose=False)
        photo = handle_file(str(folder / "0.png"))
        picture, found = client.predict(photo, "2", "", "grad_cam", "", api_name="/explain")
        assert Path(picture).is_file()
        expected = seewhy.explain(
            str(folder / "net.keras"), folder / "0.png", target=2, preprocess="unit"
        )
        assert found["target"]["score"] == pytest.approx(expected.score, abs=1e-4)
        assert "--target 2" in found["command"]
        with pytest.raises(Exception, match="no class"):
            client.predict(photo, "melanoma", "", "", "", api_name="/explain")
        with pytest.raises(Exception, match="offered"):
            client.predict(photo, "top", "/etc/passwd", "", "", api_name="/explain")
        (tool,) = httpx.get(f"{address}gradio_api/mcp/schema", timeout=30).json()
        assert "which parts of a photo" in tool["description"].lower()
        assert set(tool["inputSchema"]["properties"]) == {
            *("photo", "target", "model", "method", "layer")
        }


def test_all_that_was_sent_is_removed_in_the_end(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with served(options(folder)) as address:
        Visitor(address).dropped(folder / "0.png")
        assert any(each.name == "0.png" for each in tmp_path.rglob("*"))
    assert not list(tmp_path.rglob("*.png"))
    assert not list(tmp_path.glob("seewhy-app-*"))


def test_a_port_that_is_taken_is_told(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OptionError, match="--port"), served(options(folder, port=port)):
            raise AssertionError("it is served")


def test_without_gradio_the_extra_is_told(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(DependencyError, match=r"seewhy\[app\]"):
        gradio_parts.gradio()


@pytest.mark.parametrize(
    ("line", "match"),
    [
        (["--model", "nosuch"], "nosuch"),
        (["nosuch"], "nosuch"),
        (["--colormap", "jett"], "jet"),
        (["--audit", "nosuch"], "nosuch"),
        (["--store", "nosuch"], "nosuch"),
        (["--labels", "nosuch.txt"], "nosuch"),
    ],
)
def test_wrong_words_are_told_before_anything_is_loaded(line, match, monkeypatch, capsys):
    forbid_backend(monkeypatch)
    status, _, err = run_command(monkeypatch, capsys, "app", "--no-browser", *line)
    assert status == 1
    assert match in err


def test_the_command_serves_until_it_is_stopped(folder, monkeypatch, capsys):
    told = []

    class Stopped:
        def wait(self):
            raise KeyboardInterrupt

        def set(self):
            raise AssertionError

    monkeypatch.setattr("threading.Event", Stopped, raising=True)
    monkeypatch.setattr(serve, "_launched", lambda gr, page, options: told.append(options) or "X")
    line = ["app", folder, "--model", folder / "net.keras", "--no-browser", "--mcp"]
    status, out, err = run_command(monkeypatch, capsys, *line)
    assert (status, out) == (0, "")
    assert "seewhy is at X" in err
    assert told[0].mcp
    assert told[0].photos == folder


def test_the_record_of_an_audit_is_read_and_broken_ones_are_told(tmp_path):
    with pytest.raises(OptionError, match="no audit"):
        read_findings(tmp_path)
    for text in ("{", "[]", '{"findings": [{}]}', '{"findings": 3}'):
        (tmp_path / "audit.json").write_text(text)
        with pytest.raises(SeewhyError, match="no record of an audit"):
            read_findings(tmp_path)
    (tmp_path / "audit.json").write_text('{"findings": []}')
    assert read_findings(tmp_path) == []
