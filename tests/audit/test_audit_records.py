"""The records of audits: in audit.json, and in the pictures of findings."""

from __future__ import annotations

import hashlib
import json

import pytest

import seewhy
from helpers.commands import run_command
from seewhy.audit import AuditOptions
from seewhy.results.records.read_file import read_records

pytestmark = pytest.mark.one_backend


@pytest.fixture(scope="module")
def audited(used, tmp_path_factory):
    folder = tmp_path_factory.mktemp("records") / "out"
    choices = AuditOptions(confirm=2, recipients=16, seed=3)
    return folder, seewhy.audit(used.store, used.model, folder=folder, choices=choices)


def test_an_audit_tells_all_that_it_takes_to_make_it_again(used, audited):
    folder, audit = audited
    record = json.loads((folder / "audit.json").read_text())["record"]
    assert record == audit.record
    assert record["model"]["weights_sha256"] == used.store.manifest["model"]["weights_sha256"]
    assert record["method"]["name"] == "grad_cam"
    assert record["method"]["paper"]
    assert (record["seed"], record["audit"]["recipients"]) == (3, 16)
    assert record["options"]["preprocess"] == "none"
    assert {"seewhy", "keras", "numpy", "scikit-learn"} <= set(record["versions"])
    plan = (used.folder / "store" / "plan.parquet").read_bytes()
    assert record["store"]["plan_sha256"] == hashlib.sha256(plan).hexdigest()
    assert record["backend"]
    assert record["device"]
    assert str(used.folder) not in json.dumps(record)


def test_the_pictures_of_findings_can_be_made_again(used, audited):
    folder, audit = audited
    picture = folder / audit[0].pictures
    records = read_records(picture)
    names = {used.store[row].source.rsplit("/", 1)[1] for row in audit.members[audit[0].key]}
    assert len(records) == 11
    assert {record.photo.name for record in records} <= names
    found = seewhy.reproduce(picture, used.model, used.folder / "photos")
    assert found.verdict in ("identical", "within 1e-4")
    assert {each.record.question.words for each in found.explanations} == {audit[0].class_name}


def test_without_records_what_was_written_before_loses_them(used, audited, monkeypatch, capsys):
    folder, audit = audited
    picture = folder / audit[0].pictures
    line = ["audit", used.folder / "store", "--model", used.model, "--output", folder]
    line += ["--confirm", 2, "--recipients", 16, "--seed", 3]
    with_record = picture.read_bytes()
    assert run_command(monkeypatch, capsys, *line, "--no-record")[0] == 0
    assert b"seewhy:record" not in picture.read_bytes()
    assert "record" not in json.loads((folder / "audit.json").read_text())
    assert b"weights_sha256" not in (folder / "audit.html").read_bytes()
    status, _, err = run_command(monkeypatch, capsys, "reproduce", picture)
    assert status == 1
    assert "holds no record" in err
    assert run_command(monkeypatch, capsys, *line)[0] == 0
    assert picture.read_bytes() == with_record
    status, _, err = run_command(monkeypatch, capsys, "reproduce", folder / "audit.json")
    assert status == 1
    assert "is an audit" in err
    assert "seewhy card" in err
