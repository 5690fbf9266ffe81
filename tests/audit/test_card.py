"""Sections of model cards: what they tell, and names in them that would be Markdown or HTML."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import shutil
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
from markdown_it import MarkdownIt
from PIL import Image

import seewhy
from helpers.commands import forbid_backend, run_command
from nets import tiny
from seewhy import datasets
from seewhy.audit import Audit, Finding
from seewhy.audit.finding import CONFIRMED, UNNEEDED, VERDICTS
from seewhy.audit.model_card.audit_section import TO_DO
from seewhy.audit.model_card.markdown import percent, visible
from seewhy.errors import OptionError

pytestmark = pytest.mark.one_backend

HOSTILE = (
    *("<img src=x onerror=alert(1)>", "| a | b |", "\n# heading", "`code`", "``", "**bold**"),
    *("[x](javascript:alert(1))", "![x](y)", "&lt;b&gt;", "a\\", "_a_ *b*", "~~gone~~", "$x$"),
    *("https://evil.example/x", "www.evil.example", "@someone", "</code></table>", "<!--", "-->"),
    *("\x1b[2J", "\u202egnp", "{{ 7 }}", "x\r\n\r\n---\n", "![", "a  \nb", "<https://a.b>"),
)
FINDING = Finding(
    class_name="melanoma",
    class_index=1,
    true_class=None,
    verdict=CONFIRMED,
    why="because",
    photos=34,
    share=0.43,
    place="bottom: rows 0.83 to 1.00",
    box=(0.8, 0.0, 1.0, 1.0),
    cells=((10, 0),),
    flip_rate=0.83,
    interval=(0.71, 0.94),
    control_rate=0.05,
    control_interval=(0.0, 0.1),
    covered_rate=0.02,
    excess=0.78,
    excess_interval=(0.6, 0.9),
    removed={},
    accuracy_inside=0.97,
    accuracy_outside=0.61,
    purity=1.0,
    regularity=0.8,
    border_share=0.9,
    near_duplicates=3,
    hottest_inside=0.9,
    alike_elsewhere=0.0,
    margin=0.0,
    geometry={},
    found_by="maps",
    examples=(),
    key="1234",
    pictures="finding-1234.jpg",
)
SETTINGS = {"model": "own", "layer": "conv2", "method": "grad_cam", "seed": 7, "confirm": 10}


class _Page(HTMLParser):
    """The tags of a page and its text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = Counter(), ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags[tag, *(value for name, value in attributes if name in ("href", "src"))] += 1

    def handle_data(self, data):
        self.text += data


def page_of(text):
    """As GitHub and Hugging Face show it: tables, struck text, and addresses as links."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return _Page(reader.render(text))


def audit_of(*findings, **settings):
    return Audit(findings, 160, SETTINGS | settings, notes=("a note",))


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_names_wherever_they_stand(name, tmp_path):
    def shown(word):
        found = dataclasses.replace(FINDING, class_name=word, true_class=word, place=word)
        audit = audit_of(found, model=word, layer=word, method=word, classes=[word])
        return seewhy.audit.card(audit)

    plain, hostile = page_of(shown("plain")), page_of(shown(name))
    assert hostile.tags == plain.tags
    as_text = hostile.text.replace("\u200b", "").replace("\u2223", "|")
    assert as_text.count(visible(name)) >= 6
    bare = re.compile(r"(?i)(https?://|www\.|@)\w")
    without_code = re.sub("`+[^`]+`+", "", shown(name))
    assert not bare.search(without_code.replace("seewhy/", ""))


def test_what_an_audit_found_in_words():
    other = dataclasses.replace(
        FINDING, class_name="naevus", verdict=UNNEEDED, flip_rate=None, accuracy_inside=None
    )
    text = seewhy.audit.card(audit_of(FINDING, other, classes=["melanoma"], seed=7))
    for words in (
        *("Confirmed shortcut", "34 photos", "43 %", "83 %", "71 % to 94 %", "flip 5 %"),
        *("97 %", "61 %", "bottom: rows 0.83 to 1.00", "3 are near duplicates", "a note"),
        *("Looked at: melanoma", "2 findings, of which 1 is", "--seed 7", "What this cannot tell"),
        *("finding-1234.jpg", TO_DO[CONFIRMED], TO_DO[UNNEEDED]),
    ):
        assert words in text, words
    assert text.startswith("## ")
    assert seewhy.audit.card(audit_of(), level=3).startswith("### ")
    assert "Nothing was found" in seewhy.audit.card(audit_of())
    assert set(TO_DO) == set(VERDICTS)
    with pytest.raises(OptionError, match="1 to 4; got 7"):
        seewhy.audit.card(audit_of(), level=7)


def test_what_was_found_beside_is_counted(tmp_path):
    beside = {
        "errors": {"wrong": 7, "known": 90, "photos": []},
        "outside_boxes": {
            "mean_inside": 0.25,
            "mean_area": 0.5,
            "hottest_outside": 3,
            "measured": 8,
        },
        "duplicates": {"in_folders": 4, "compared": 160, "contradict": 1, "groups": []},
        "drift": {
            "moved": 1,
            "compared": 2,
            "classes": [{"class": "<b>x", "moved": True}, {"class": "still", "moved": False}],
        },
        "new": 4,
    }
    record = audit_of(FINDING).as_dict() | {"complete": False, "beside": beside}
    (tmp_path / "audit.json").write_text(json.dumps(record))
    text = seewhy.audit.card(tmp_path)
    for words in (
        *("7 of 90 photos of a known class", "25 % of the evidence", "3 of 8 photos are hottest"),
        *("4 of 160 photos lie in several", "1 with classes that contradict"),
        "the evidence of 1 of 2 classes lies elsewhere: &lt;b&gt;x.",
    ):
        assert words in text, words
    (tmp_path / "audit.json").write_text(
        json.dumps(record | {"beside": {"errors": [], "drift": 3}})
    )
    assert "### Beside" not in seewhy.audit.card(tmp_path)
    assert "stopped before it was through" in text


def test_shares_are_told_as_none_and_all_only_where_they_are():
    told = [percent(share) for share in (0, 0.001, 0.5, 0.999, 1)]
    assert told == ["0 %", "under 1 %", "50 %", "over 99 %", "100 %"]


def test_what_is_no_store_and_no_audit_is_refused(tmp_path, monkeypatch, capsys):
    forbid_backend(monkeypatch)
    good = audit_of(FINDING).as_dict()
    finding = good["findings"][0]
    for name, content, words in (
        ("nothing", None, "there is no"),
        ("text", "no JSON", "cannot be read as JSON"),
        ("deep", "[" * 100_000, "cannot be read as JSON"),
        ("list", "[]", "is no audit"),
        ("lost", json.dumps(good | {"settings": None}), "has no 'settings'"),
        ("count", json.dumps(good | {"photos": "many"}), "how many 'photos'"),
        ("half", json.dumps(good | {"findings": [{"class": "a"}]}), "finding 1 of .* is damaged"),
        ("flat", json.dumps(good | {"findings": ["a"]}), "finding 1 of .* is damaged"),
        ("word", json.dumps(good | {"findings": [finding | {"share": "x"}]}), "share is 'x'"),
        ("rate", json.dumps(good | {"findings": [finding | {"flip_rate": []}]}), "no number"),
        ("verdict", json.dumps(good | {"findings": [finding | {"verdict": "x"}]}), "is damaged"),
    ):
        if content is not None:
            (tmp_path / name).write_text(content)
        status, out, err = run_command(monkeypatch, capsys, "card", tmp_path / name)
        assert (status, out) == (1, ""), name
        assert re.search(words, err), (name, err)
    status, _, err = run_command(monkeypatch, capsys, "card", tmp_path)
    assert status == 1
    assert "neither manifest.json nor audit.json" in err


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Photos of three classes by folder, one of which the model does not have, and a broken one."""
    folder = tmp_path_factory.mktemp("card")
    random = np.random.default_rng(2)
    for k in range(12):
        place = folder / "private" / "photos" / ("ant", "bee", "gnu")[k % 3] / f"{k}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (40, 40, 3), dtype="uint8")).save(place)
    (folder / "private/photos/ant/broken.png").write_bytes(b"none")
    labels = ["ant", "bee", "cat", "<dog>", "eel"]
    tiny.plain().save(folder / "own.keras")
    how = {"preprocess": "unit", "labels": labels, "method": "hires-cam"}
    explainer = seewhy.Explainer(str(folder / "own.keras"), **how)
    options = datasets.RunOptions(labels_from_folder=True, targets=["top", 1])
    datasets.run(explainer, folder / "private/photos", folder / "store", options)
    return folder / "store"


def test_the_figures_of_a_store_are_those_of_its_rows(store, monkeypatch, capsys, tmp_path):
    forbid_backend(monkeypatch)
    status, out, _ = run_command(monkeypatch, capsys, "card", store)
    assert status == 0
    rows = datasets.open(store).where(question="top", error=None)
    known = [row for row in rows if row.label_index is not None]
    right = sum(row.right for row in known)
    assert "13 photos, 1 of which could not be read" in out
    assert f"is known of 8; {percent(right / len(known))} are predicted right" in out
    ants = [row for row in known if row.label == "ant"]
    assert f"| ant | 4 | {percent(sum(row.right for row in ants) / 4)} |" in out
    assert "4 photos have a true class that the model does not have" in out
    sure = np.mean([row.top[0].probability for row in rows])
    assert f"a probability of {percent(sure)} on average" in out
    border = np.mean([row.border_share for row in rows if row.border_share is not None])
    assert f"- {percent(border)} of the positive evidence" in out
    for row in rows:
        for code in row.warnings:
            count = sum(code in each.warnings for each in rows)
            assert f"| `{code}` | {count} |" in out
    weights = datasets.open(store).manifest["model"]["weights_sha256"]
    for words in (weights, "`own.keras`", "`hires_cam` (Draelos", "`photos`", "preprocess=unit"):
        assert words in out, words
    assert "seewhy run photos --model own.keras --target top --target 1 " in out
    assert "private" not in out
    assert str(store.parent) not in out
    written = tmp_path / "new" / "card.md"
    assert run_command(monkeypatch, capsys, "card", store, "--output", written)[0] == 0
    assert written.read_text() == out == seewhy.audit.card(datasets.open(store))


@pytest.mark.parametrize(
    "choices",
    [
        ["--method", "rise:masks=20:seed=3", "--fit", "crop", "--target", "top,<bee>"],
        ["--layer", "relu2,relu3", "--fuse", "max", "--enhance", "flips", "--sharpen", "2"],
        ["--features", "--reduced", "--limit", "5", "--scores", "probabilities"],
    ],
)
def test_the_command_that_it_prints_makes_the_same_store(
    choices, store, monkeypatch, capsys, tmp_path
):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(store.parent / "private" / "photos", tmp_path / "my photos")
    shutil.copy(store.parent / "own.keras", tmp_path / "a model.keras")
    (tmp_path / "names.txt").write_text("ant\n<bee>\ncat\ndog\neel\n")
    line = ["my photos", "--model", "a model.keras", "--labels", "names.txt", *choices]
    line = ["run", *line, "--preprocess", "unit", "--labels-from", "folder", "--output", "first"]
    assert run_command(monkeypatch, capsys, *line)[0] == 1  # one photo is broken
    (printed,) = re.findall(r"^seewhy run .*$", seewhy.audit.card("first"), re.MULTILINE)
    again = shlex.split(printed)[1:]
    assert run_command(monkeypatch, capsys, *again)[0] == 1
    one, other = (tmp_path / name / "part-00000.parquet" for name in ("first", "store"))
    assert one.read_bytes() == other.read_bytes()
    manifests = [
        json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("first", "store")
    ]
    assert manifests[0]["record"] == manifests[1]["record"]


def test_many_classes_are_summed_up(store, monkeypatch):
    monkeypatch.setattr(seewhy.audit.model_card.write_card, "LARGEST", 1)
    assert "| *1 other classes* | 4 |" in seewhy.audit.card(store)


def test_stores_and_audits_of_earlier_versions(store, tmp_path):
    shutil.copytree(store, tmp_path / "store")
    path = tmp_path / "store" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["record"]
    path.write_text(json.dumps(manifest))
    text = seewhy.audit.card(tmp_path / "store")
    assert manifest["model"]["weights_sha256"] in text
    assert "`hires_cam`" in text
    # an audit beside whose file the store lies, which was moved with it
    settings = {"store": "/gone", "weights_sha256": manifest["model"]["weights_sha256"]}
    record = audit_of(FINDING, **settings).as_dict()
    (tmp_path / "audit.json").write_text(json.dumps(record))
    assert "13 photos, 1 of which" in seewhy.audit.card(tmp_path / "audit.json")
    record["settings"]["weights_sha256"] = "0" * 64
    (tmp_path / "audit.json").write_text(json.dumps(record))
    text = seewhy.audit.card(tmp_path)
    assert "is another one by now" in text
    assert "13 photos" not in text
