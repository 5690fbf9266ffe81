"""Audits of small networks that were trained on photos with a mark, and of those without."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import seewhy
from helpers.commands import run_command
from helpers.planted_cases import case_of
from nets import planted
from seewhy import datasets
from seewhy.audit import AuditOptions
from seewhy.audit.confirm.confirm_candidate import Laboratory
from seewhy.audit.finding import CONFIRMED, OBJECT, VERDICTS, Finding
from seewhy.errors import ImageError, OptionError, StoreError, TargetError

pytestmark = pytest.mark.one_backend


@pytest.mark.parametrize("seed", [0, 1])
def test_a_strip_that_is_used_is_the_first_finding(used, seed):
    audit = used.audit(seed=seed, confirm=6)
    first = audit[0]
    assert (first.class_index, first.verdict) == (1, CONFIRMED)
    assert [each.verdict for each in audit].count(CONFIRMED) == 1
    precision, recall = used.precision_and_recall(audit)
    assert precision >= 0.9
    assert recall >= 0.9
    assert first.place.startswith("bottom:")
    assert first.flip_rate >= 0.5
    assert first.interval[0] <= first.flip_rate <= first.interval[1]
    assert first.control_rate < 0.4
    assert first.accuracy_inside > first.accuracy_outside
    assert first.removed["fill"] >= first.removed["fill_control"]


def test_the_same_seed_gives_the_same(used):
    again = [used.audit(confirm=1) for _ in range(2)]
    assert again[0].as_dict() == again[1].as_dict()
    assert again[0].members == again[1].members


def test_only_the_class_that_is_asked(used):
    audit = used.audit(classes=[0], confirm=1)
    assert {each.class_index for each in audit} == {0}
    assert not audit.confirmed
    with pytest.raises(TargetError, match="no class"):
        used.audit(classes=["melanoma"])


def test_a_strip_that_says_nothing_is_not_confirmed(tmp_path):
    model, case = case_of(tmp_path, share=0.5, others=0.5, clear=1.0)
    assert planted.flips_when_pasted(model, case.data) < 0.1
    audit = case.audit()
    assert len(audit)
    assert not audit.confirmed


def test_a_thing_that_is_always_in_the_middle_is_not_confirmed(tmp_path):
    _, case = case_of(tmp_path, share=0.0, clear=1.0, centred=True)
    audit = case.audit()
    assert not audit.confirmed
    # pasted into others, it flips them as a mark would
    assert any(each.verdict == OBJECT and each.flip_rate > 0.5 for each in audit)


def test_the_command_writes_all_files(used, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    hostile = ["=cmd|'/c calc'!A1", "\x1b[2Jclass"]
    Path("names.json").write_text(json.dumps(hostile))
    line = ["audit", used.folder / "photos", "--model", used.model, "--labels", "names.json"]
    line += ["--preprocess", "none", "--output", "out", "--confirm", 2, "--recipients", 16]
    status, out, err = run_command(monkeypatch, capsys, *line, "--fail-on", "confirmed")
    assert status == 3
    assert "\x1b" not in out + err
    assert out.startswith("confirmed shortcut  \\x1b[2Jclass  ")
    assert out.splitlines()[-1].startswith("160 photos, ")
    record = json.loads(Path("out/audit.json").read_text())
    assert record["complete"]
    first = record["findings"][0]
    assert first["class"] == hostile[1]
    assert first["verdict"] == CONFIRMED
    assert 0.3 < first["share"] < 0.7
    assert first["interval"][0] <= first["flip_rate"] <= first["interval"][1]
    assert first["control_rate"] < first["flip_rate"]
    assert Path("out", first["pictures"]).stat().st_size > 1000
    table = Path("out/audit.csv").read_text()
    assert table.count("\n") == 1 + len(record["findings"])
    assert "\n=cmd" not in table
    clusters = pytest.importorskip("pyarrow.parquet").read_table("out/clusters.parquet")
    assert clusters["finding"].to_pylist().count(0) == first["photos"]
    status, out, _ = run_command(monkeypatch, capsys, *line, "--json")
    assert status == 0
    assert json.loads(out)["findings"] == record["findings"]


def test_masks_are_exported_and_photos_are_mended(used, monkeypatch, capsys, tmp_path):
    line = ["audit", used.folder / "store", "--model", used.model, "--output", tmp_path]
    line += ["--confirm", 1, "--recipients", 16, "--export-masks", "--preprocess", "none"]
    status, _, err = run_command(monkeypatch, capsys, *line)
    assert status == 0
    record = json.loads((tmp_path / "audit.json").read_text())
    first = Finding.from_dict(record["findings"][0])
    assert first.confirmed
    assert f"{first.photos} masks" in err
    rows = (tmp_path / "masks" / "masks.csv").read_text().splitlines()
    assert len(rows) == 1 + first.photos
    mask = np.asarray(Image.open(tmp_path / "masks" / rows[1].split(",")[-1])) > 0
    assert mask.shape == used.data.photos.shape[1:3]
    assert mask[-4:].all()  # where the strip is
    assert not mask[: planted.SIDE // 2].any()
    number = int(rows[1].split(",")[-1][2:8])
    before = used.data.photos[number]
    for how in ("fill", "blur"):
        (after,) = seewhy.audit.without(before, first, how=how)
        assert (after[~mask] == before[~mask]).all()
    (after,) = seewhy.audit.without([before], first)
    strip = np.array([200, 40, 160])
    assert np.abs(before[-4:] - strip.astype(float)).mean() < 10
    assert np.abs(after[-3:] - strip.astype(float)).mean() > 30


def test_what_was_tested_is_not_tested_again(used, monkeypatch, tmp_path):
    tested, test = [], Laboratory.test

    def stopping(self, candidate, key):
        if len(tested) == 1:
            raise KeyboardInterrupt
        tested.append(key)
        return test(self, candidate, key)

    monkeypatch.setattr(Laboratory, "test", stopping)
    choices = AuditOptions(confirm=2, recipients=16)
    how = {"folder": tmp_path / "out", "choices": choices, "preprocess": "none"}
    with pytest.raises(KeyboardInterrupt):
        seewhy.audit(used.store, used.model, **how)
    left = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert len(left["findings"]) == 1
    assert not left["complete"]
    monkeypatch.setattr(
        Laboratory, "test", lambda *given: (tested.append(given[2]), test(*given))[1]
    )
    audit = seewhy.audit(used.store, used.model, **how)
    assert len(tested) == len(set(tested)) == 2
    monkeypatch.undo()
    assert audit.as_dict()["findings"] == _without_pictures(used, choices, audit)


def _without_pictures(used, choices, audit):
    whole = seewhy.audit(used.store, used.model, choices=choices, preprocess="none")
    named = [
        dataclasses.replace(each, pictures=own.pictures)
        for each, own in zip(whole, audit, strict=True)
    ]
    return [each.as_dict() for each in named]


def test_a_model_that_brings_photos_to_its_size_by_itself(used, tmp_path):
    """Photos of several sizes, to a network with a layer that resizes them."""
    inner = keras.models.load_model(used.model)
    image = keras.Input((None, None, 3))
    resized = keras.layers.Resizing(planted.SIDE, planted.SIDE)(image)
    model = keras.Model(image, inner(resized))
    for k, pixels in enumerate(used.data.photos):
        photo = Image.fromarray(pixels).resize((planted.SIDE + 8 * (k % 3),) * 2)
        photo.save(tmp_path / f"{k:04}.png")
    choices = AuditOptions(confirm=2, recipients=16)
    audit = seewhy.audit(tmp_path, model, choices=choices, preprocess="none")
    assert audit[0].confirmed
    precision, recall = used.precision_and_recall(audit)
    assert min(precision, recall) >= 0.8


def test_photos_that_are_gone_are_told(used, tmp_path):
    shutil.copytree(used.folder / "photos", tmp_path / "photos")
    explainer = seewhy.Explainer(used.model, preprocess="none", batch_size=32)
    datasets.run(explainer, tmp_path / "photos", tmp_path / "other", datasets.RunOptions())
    shutil.rmtree(tmp_path / "photos" / "0")
    kept = seewhy.audit(tmp_path / "other", explainer, choices=AuditOptions(confirm=1))
    assert any("0000.png" in problem or "no file" in problem for problem in kept.problems)
    shutil.rmtree(tmp_path / "photos")
    with pytest.raises(ImageError, match="cannot be read any more"):
        seewhy.audit(tmp_path / "other", explainer)


def test_findings_as_a_table_and_back(used):
    audit = used.audit(confirm=1)
    frame = audit.to_pandas()
    assert list(frame["class"]) == [each.class_name for each in audit]
    assert set(frame["verdict"]) <= set(VERDICTS)
    values = json.loads(json.dumps(audit[0].as_dict()))
    assert Finding.from_dict(values).as_dict() == audit[0].as_dict()


def test_another_model_or_choice_than_the_store_is_refused(used, tmp_path):
    other = planted.trained(used.data, epochs=1, seed=3)
    with pytest.raises(StoreError, match="other weights"):
        seewhy.audit(used.store, other, preprocess="none")
    with pytest.raises(OptionError, match="made with preprocess 'none'; got 'unit'"):
        seewhy.audit(used.folder / "store", used.model, preprocess="unit")


@pytest.mark.slow
def test_a_hundred_thousand_rows_within_8_gb_and_5_minutes(used, tmp_path):
    """Of a store whose rows are those of the small one many times, with noise on their maps."""
    copies = 630
    _repeat(used.folder / "store", tmp_path / "store", copies)
    code = (
        "import resource, sys, seewhy\n"
        "store, model = sys.argv[1:]\n"
        "audit = seewhy.audit(store, model, preprocess='none')\n"
        "print(audit.photos, audit[0].verdict, audit[0].photos, audit[0].class_index)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
    )
    line = [sys.executable, "-c", code, str(tmp_path / "store"), used.model]
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, check=True)
    first, memory = done.stdout.strip().splitlines()[-2:]
    assert first.startswith(f"{160 * copies} {CONFIRMED} ")
    found = int(first.split()[-2])
    assert first.endswith(" 1")
    assert int(memory) < 8192
    expected = int(used.data.marked.sum()) * copies
    assert 0.8 * expected < found < 1.2 * expected


def _repeat(store, to, copies):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    to.mkdir()
    shutil.copy(store / "manifest.json", to)
    small = parquet.read_table(store / "part-00000.parquet")
    random, count = np.random.default_rng(0), len(small)
    side = small.schema.field("map").type.list_size
    maps = np.asarray(small["map"].combine_chunks().flatten()).reshape(count, side)
    for part in range(copies // 10):
        table = arrow.concat_tables([small] * 10)
        rows = np.arange(len(table)) + part * len(table)
        noisy = np.tile(maps, (10, 1)) + random.normal(0, 0.02, (len(table), side))
        changed = {
            "row": arrow.array(rows),
            "id": arrow.array([f"{row}.png" for row in rows]),
            "map": arrow.FixedSizeListArray.from_arrays(
                arrow.array(noisy.astype("float16").ravel()), side
            ),
        }
        for name, column in changed.items():
            place = table.schema.get_field_index(name)
            table = table.set_column(place, table.schema.field(name), column)
        parquet.write_table(table, to / f"part-{part:05}.parquet")


@pytest.mark.slow
def test_the_bundled_network_on_plain_photos_is_acquitted(tmp_path):
    random = np.random.default_rng(0)
    cat = Image.open(Path(seewhy.__file__).parent / "data" / "chelsea.png").convert("RGB")
    for k in range(30):
        side = int(random.integers(150, 290))
        left, top = (int(random.integers(0, most - side)) for most in cat.size)
        crop = cat.crop((left, top, left + side, top + side)).resize((224, 224))
        crop.save(tmp_path / f"cat-{k}.png")
        drawn = Image.fromarray(random.integers(0, 255, (7, 7, 3), dtype="uint8"))
        drawn = drawn.resize((224, 224), Image.Resampling.BICUBIC)
        left, top = (int(value) for value in random.integers(0, 140, 2))
        drawn.paste(tuple(random.integers(0, 255, 3).tolist()), (left, top, left + 80, top + 60))
        drawn.save(tmp_path / f"drawn-{k}.png")
    choices = AuditOptions(confirm=4, recipients=16)
    audit = seewhy.audit(tmp_path, "efficientnet-lite0", choices=choices, batch_size=16)
    assert len(audit)
    assert not audit.confirmed
