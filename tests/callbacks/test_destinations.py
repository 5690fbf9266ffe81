"""Where pictures and figures go, read back as others read them."""

from __future__ import annotations

import csv
import sys
import types

import numpy as np
import pytest
from PIL import Image

from nets import watched
from seewhy import errors
from seewhy.callbacks import Watch

pytestmark = pytest.mark.one_backend

X, Y = watched.data()
BORDER = "seewhy_border"


def watched_to(to, epochs=2):
    """A callback that saw a model whose weights change from epoch to epoch, and the logs."""
    watch = Watch((X[:2], Y[:2]), to=to, prepared=True)
    return watch, watched.without_training(watched.classifier(), watch, epochs, changed=True)


def pixels(place):
    return np.asarray(Image.open(place).convert("RGB"))


def test_a_folder_has_pictures_on_the_last_scale_strips_and_figures(tmp_path):
    watch, logs = watched_to(tmp_path / "new" / "folder")
    folder = tmp_path / "new" / "folder"
    names = [f"epoch_{epoch:04}.png" for epoch in range(3)]
    for name, each in watch.explanations.items():
        assert sorted(path.name for path in (folder / name).iterdir()) == names
        for file, explanation in zip(names, each, strict=True):
            np.testing.assert_array_equal(pixels(folder / name / file), explanation.overlay())
        strip = pixels(folder / f"{name}_strip.png")
        np.testing.assert_array_equal(strip, watch.strips()[name])
    with (folder / "figures.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["epoch"], row["photo"]) for row in rows[:4]] == [
        ("0", "photo-01"),
        ("0", "photo-02"),
        ("0", ""),
        ("1", "photo-01"),
    ]
    assert len(rows) == 9
    assert float(rows[5]["border"]) == pytest.approx(logs[0][BORDER], rel=1e-5)
    assert all(0 <= float(row["probability"]) <= 1 for row in rows if row["photo"])


def test_figures_in_a_folder_go_on_in_another_process(tmp_path):
    def epochs():
        with (tmp_path / "figures.csv").open() as file:
            return [int(row["epoch"]) for row in csv.DictReader(file) if not row["photo"]]

    for first in (0, 2, 1):
        watch = Watch((X[:2], Y[:2]), to=tmp_path, prepared=True)
        watched.without_training(watched.classifier(), watch, 2, first=first)
        assert epochs() == list(range(first + 3))
    (tmp_path / "figures.csv").write_text("mine\n1\n")
    watched_to(tmp_path)
    assert epochs() == [0, 1, 2]


def test_a_function_gets_each_photo_and_in_the_end_the_strips():
    sent = []
    watch, _ = watched_to(lambda *row: sent.append(row))
    assert [(step, name) for step, name, *_ in sent] == [
        *((step, f"photo-{k:02}") for step in range(3) for k in (1, 2)),
        *((2, f"strip/photo-{k:02}") for k in (1, 2)),
    ]
    step, _, image, figures = sent[4]
    assert step == 2
    assert image.size == (16, 16)
    assert set(figures) == {
        *("border", "positive", "similarity", "similarity_first", "probability"),
    }
    both = [figures["border"], sent[5][3]["border"]]
    assert np.nanmean(both) == pytest.approx(watch.history[BORDER][2])


def events(folder):
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="TensorBoard's own reader is not installed",
    )
    read = accumulator.EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0})
    return read.Reload()


def assert_is_in_tensorboard(folder, watch, logs):
    import io

    read = events(folder)
    scalars = read.Scalars(BORDER)
    assert [each.step for each in scalars] == [0, 1, 2]
    assert scalars[2].value == pytest.approx(logs[1][BORDER], rel=1e-6)
    images = read.Images("seewhy/photo-01")
    assert [each.step for each in images] == [0, 1, 2]
    # the newest one is on the scale of all epochs
    newest = watch.explanations["photo-01"][2].overlay()
    shown = pixels(io.BytesIO(images[2].encoded_image_string))
    np.testing.assert_array_equal(shown, newest)
    assert len(read.Images("seewhy_strip/photo-02")) == 1


def test_tensorboard_without_tensorflow(tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    watch, logs = watched_to(f"tensorboard:{tmp_path}")
    assert_is_in_tensorboard(tmp_path, watch, logs)


def test_a_writer_is_taken_as_it_is_and_left_open(tmp_path):
    package = pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    with package.SummaryWriter(logdir=str(tmp_path)) as writer:
        watch, logs = watched_to(writer)
        writer.add_scalar("mine", 4.0, 1)
    assert_is_in_tensorboard(tmp_path, watch, logs)
    assert events(tmp_path).Scalars("mine")[0].value == 4


def test_mlflow_has_figures_and_pictures(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    try:
        experiment = mlflow.set_experiment("watch")
        _, logs = watched_to("mlflow")
        assert mlflow.active_run() is None
        client = mlflow.MlflowClient()
        (run,) = client.search_runs([experiment.experiment_id])
        told = client.get_metric_history(run.info.run_id, BORDER)
        assert [each.step for each in told] == [0, 1, 2]
        assert told[2].value == pytest.approx(logs[1][BORDER])
        files = [path.name for path in (tmp_path / "runs").rglob("*.png")]
        assert "photo-01_strip.png" in files
        assert sum("photo-01" in name and "step" in name for name in files) == 3
    finally:
        mlflow.set_tracking_uri(before)


@pytest.fixture
def wandb(monkeypatch):
    """A module with the face of wandb, which needs an account."""
    module = types.ModuleType("wandb")
    module.run, module.sent = object(), []
    module.Image = lambda image, caption=None: ("image", image.size, caption)
    module.log = lambda row: module.sent.append(row)
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def test_wandb_gets_an_entry_an_epoch_and_the_strips(wandb):
    _, logs = watched_to("wandb")
    assert [row.get("seewhy_epoch") for row in wandb.sent] == [0, 1, 2, None]
    assert wandb.sent[2][BORDER] == logs[1][BORDER]
    kind, size, caption = wandb.sent[2]["seewhy/photo-02"]
    assert (kind, size) == ("image", (16, 16))
    assert caption.startswith("epoch 2: ")
    assert set(wandb.sent[3]) == {"seewhy_strip/photo-01", "seewhy_strip/photo-02"}


def test_wandb_without_a_run_is_told_before_training(wandb):
    wandb.run = None
    with pytest.raises(errors.OptionError, match=r"wandb\.init"):
        watched_to("wandb")


@pytest.mark.parametrize(
    ("to", "package", "extra"),
    [
        ("tensorboard", "tensorboardX", "tensorboard"),
        ("wandb", "wandb", "wandb"),
        ("mlflow", "mlflow", "mlflow"),
    ],
)
def test_a_missing_package_is_told_with_its_extra(to, package, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(errors.DependencyError, match=rf"seewhy\[{extra}\]"):
        Watch(X[:2], "top", to=to)


def test_a_folder_that_cannot_be_made_is_told_before_training(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(errors.OptionError, match="choose another"):
        watched_to(tmp_path / "file" / "folder")


def test_writers_of_tf_summary_are_told_another_way():
    writer = types.SimpleNamespace(as_default=None)
    with pytest.raises(errors.OptionError, match="tensorboard:logs"):
        Watch(X[:2], "top", to=writer)


def test_one_place_that_fails_does_not_keep_another_from_its_pictures(tmp_path):
    def fail(*_):
        raise ValueError("no room")

    with pytest.warns(errors.SeewhyWarning, match="no room"):
        watched_to([fail, tmp_path])
    assert len(list(tmp_path.rglob("*.png"))) == 2 * 3 + 2
