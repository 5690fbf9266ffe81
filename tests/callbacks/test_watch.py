"""What stands in the logs, when photos are looked at, and what is told of wrong arguments."""

from __future__ import annotations

import csv
import warnings

import keras
import numpy as np
import pytest
from PIL import Image

from nets import watched
from seewhy import errors
from seewhy.callbacks import Watch, probes
from seewhy.callbacks.figures import border_share, positive_share
from seewhy.datasets.map_figures import map_figures
from seewhy.metrics.localisation import energy_inside

pytestmark = pytest.mark.one_backend

X, Y = watched.data()
NAMES = ["border", "positive", "similarity", "similarity_first"]


def watch(**named):
    return Watch((X[:4], Y[:4]), prepared=True, **named)


def test_figures_are_in_the_logs_of_callbacks_behind_it(tmp_path):
    seen = []
    behind = keras.callbacks.LambdaCallback(on_epoch_end=lambda _, logs: seen.append(dict(logs)))
    table = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    history = watched.fit(watched.classifier(), [watch(every=2), behind, table], epochs=6).history
    names = [f"seewhy_{name}" for name in NAMES]
    assert all(set(names) <= set(logs) for logs in seen)
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    for name in names:
        assert [float(row[name]) for row in rows] == history[name]
        assert np.isfinite(history[name]).all()
        # epochs 2 and 4 were not looked at, the last one is
        assert history[name][0] == history[name][1]
        assert history[name][2] == history[name][3]
        assert history[name][4] != history[name][5]
    assert history["seewhy_similarity_first"][0] == 1


def test_every_counts_epochs_and_takes_the_first_and_last():
    watching = watch(every=3)
    watched.fit(watched.classifier(), [watching], epochs=6)
    assert watching.epochs == [0, 1, 4, 6]
    assert watching.history["epoch"] == [0, 1, 4, 6]


def test_training_can_be_stopped_early_by_a_figure():
    stop = keras.callbacks.EarlyStopping("seewhy_inside", mode="max", patience=0, min_delta=1)
    watching = watch(boxes=[[(0, 0, 8, 8)]] * 4)
    history = watched.fit(watched.classifier(), [watching, stop], epochs=9).history
    assert len(history["seewhy_inside"]) == 2


def test_figures_are_those_of_other_implementations():
    boxes = [[(0, 0, 8, 8)], None, [(2, 2, 9, 16), (9, 1, 12, 4)], [(4, 4, 5, 5)]]
    watching = watch(boxes=boxes)
    watched.fit(watched.classifier(), [watching])
    kept = [list(each) for each in watching.explanations.values()]
    for k in range(3):
        of_epoch = [each[k] for each in kept]
        maps = np.stack([each.map for each in of_epoch])
        columns = map_figures(maps)
        told = {name: values[k] for name, values in watching.history.items()}
        assert told["seewhy_border"] == pytest.approx(np.nanmean(columns["border_share"]))
        assert told["seewhy_positive"] == pytest.approx(np.mean(columns["positive_share"]))
        heat = np.stack([of_epoch[i].heatmap for i in (0, 2, 3)])
        inside = energy_inside(heat, [boxes[i] for i in (0, 2, 3)])
        assert told["seewhy_inside"] == pytest.approx(np.nanmean(inside), rel=1e-5)
        if k:
            before = np.stack([each[k - 1].map for each in kept])
            pairs = zip(maps, before, strict=True)
            expected = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs]
            assert told["seewhy_similarity"] == pytest.approx(np.mean(expected))


@pytest.mark.framework_free
def test_shares_of_what_has_no_evidence():
    assert np.isnan(border_share(np.full((3, 3), -1.0)))
    assert np.isnan(border_share(np.full((3, 3), np.nan)))
    assert positive_share(np.zeros((3, 3))) == 0
    assert border_share(np.eye(5)) == pytest.approx(2 / 5)
    assert border_share(np.array([2.0, 1.0, 1.0])) == pytest.approx(3 / 4)


def test_masks_of_large_photos_count_as_on_the_photo_itself():
    photos = [Image.fromarray((x.repeat(60, 0).repeat(60, 1) * 255).astype("uint8")) for x in X[:2]]
    mask = np.zeros((960, 960), bool)
    mask[101:700, 333:901] = True
    watching = Watch((photos, Y[:2]), masks=[mask, mask], preprocess="unit")
    watched.without_training(watched.classifier(), watching)
    heat = np.stack([each[-1].heatmap for each in watching.explanations.values()])
    assert heat.shape[1:] == (480, 480)
    large = heat.repeat(2, 1).repeat(2, 2)
    expected = np.nanmean(energy_inside(large, np.stack([mask, mask])))
    assert watching.history["seewhy_inside"][-1] == pytest.approx(expected, abs=1e-3)


def test_masks_may_be_files(tmp_path):
    masks = np.zeros((2, 16, 16), bool)
    masks[0, 3:9, :7], masks[1, 10:, 10:] = True, True
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    for file, mask in zip(files, masks, strict=True):
        Image.fromarray(mask.astype("uint8")).save(file)
    told = []
    for given in (masks, files):
        watching = Watch((X[:2], Y[:2]), masks=given, prepared=True)
        told += watched.without_training(watched.classifier(), watching)
    assert told[0]["seewhy_inside"] == told[1]["seewhy_inside"] > 0


def test_a_second_fit_goes_on_also_where_it_counts_from_0_again():
    model, watching = watched.classifier(), watch()
    watched.fit(model, [watching], epochs=2)
    watched.fit(model, [watching], epochs=4, initial_epoch=2)
    watched.fit(model, [watching], epochs=2)
    assert watching.epochs == [0, 1, 2, 3, 4, 5, 6]
    other = watched.classifier()
    watched.fit(other, [watching], epochs=5, initial_epoch=3)
    assert watching.epochs == [3, 4, 5]


def test_explanations_share_a_scale_and_strips_show_all_epochs():
    watching = watch()
    with pytest.raises(errors.OptionError, match="callbacks="):
        watching.strips()
    watched.without_training(watched.classifier(), watching, epochs=3, changed=True)
    for each in watching.explanations.values():
        assert {explanation.scale for explanation in each} == {max(e.map.max() for e in each)}
    strips, own = watching.strips(), watching.strips(own_scales=True)
    assert list(strips) == ["photo-01", "photo-02", "photo-03", "photo-04"]
    assert strips["photo-01"].width > 5 * 300
    assert strips["photo-01"].size == own["photo-01"].size
    assert np.abs(np.asarray(strips["photo-01"], int) - np.asarray(own["photo-01"])).max() > 50


def test_a_network_that_diverges_is_told_in_the_picture_and_stops_nothing():
    model, watching = watched.classifier(), watch(to=lambda *row: sent.append(row))
    sent = []
    ruin = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, _: (
            epoch == 1 and model.get_layer("last").kernel.assign(np.full((3, 3, 6, 8), np.nan))
        )
    )
    history = watched.fit(model, [ruin, watching], epochs=3).history
    assert np.isnan(watching.history["seewhy_border"][-1])
    # the last figure that is known
    assert history["seewhy_border"][2] == history["seewhy_border"][0]
    assert len(sent) == 4 * 4 + 4


@pytest.mark.parametrize("fails_at", ["send", "explain"])
def test_what_goes_wrong_in_training_is_told_once(fails_at, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    watching = watch(to=fail if fails_at == "send" else None)
    if fails_at == "explain":
        monkeypatch.setattr(Watch, "_look", fail)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        history = watched.fit(watched.classifier(), [watching], epochs=4).history
    assert len(history["seewhy_border"]) == 4
    texts = [str(each.message) for each in told if "disk full" in str(each.message)]
    assert len(texts) == (2 if fails_at == "send" else 1)  # pictures, and in the end strips
    assert all(text.startswith("watch-failed: ") for text in texts)


def test_targets_are_true_classes_top_or_questions():
    def asked(*given, **named):
        watching = Watch(*given, prepared=True, **named)
        watched.without_training(model, watching)
        return [each[-1].target.name for each in watching.explanations.values()]

    model = watched.classifier()
    assert asked((X[:3], [2, 0, 1])) == ["class 2", "class 0", "class 1"]
    assert asked(X[:3], labels=np.array([2, 0, 1])) == ["class 2", "class 0", "class 1"]
    assert asked((X[:2], np.eye(3)[[2, 0]])) == ["class 2", "class 0"]
    assert asked((list(X[:2]), ["b", "a"]), labels=["a", "b", "c"]) == ["b", "a"]
    assert asked(X[:2], [1, 0]) == ["class 1", "class 0"]
    assert asked(X[:2], 1) == ["class 1", "class 1"]
    assert len(asked(X[:2], "top")) == 2


def test_folders_name_the_classes_and_files_the_photos(tmp_path):
    for place in ("cat/x.png", "dog/x.png", "emu/y.png"):
        (tmp_path / place).parent.mkdir()
        Image.fromarray((X[0] * 255).astype("uint8")).save(tmp_path / place)
    model = watched.classifier()
    for labels in (["emu", "dog", "cat"], None):
        watching = Watch(tmp_path, labels=labels, preprocess="unit")
        watched.without_training(model, watching)
        targets = {name: each[0].target.index for name, each in watching.explanations.items()}
        # without names, in the order of keras.utils.image_dataset_from_directory
        order = [2, 1, 0] if labels else [0, 1, 2]
        assert targets == dict(zip(["x", "x-2", "y"], order, strict=True))


PATHS, SIGNALS = ["a.png", "b.png"], np.zeros((2, 64, 3))
PAIRS = [
    ((X[:2], [1, 0]), True),
    ((X[:2], np.eye(2)), True),
    ((list(X[:2]), np.array([1, 0])), True),
    ((PATHS, ["cat", "dog"]), True),
    (("folder", [1, 0]), True),
    ((SIGNALS, np.array([1, 0])), True),
    (({"image": X[:2], "place": np.zeros((2, 5))}, [1, 0]), True),
    ((X[0], X[1]), False),
    (tuple(PATHS), False),
    ((Image.new("RGB", (8, 8)), Image.new("RGB", (8, 8))), False),
    ((X[:2], X[:2]), False),
]


@pytest.mark.framework_free
@pytest.mark.parametrize(("photos", "expected"), PAIRS)
def test_photos_with_classes_are_told_from_two_photos(photos, expected, monkeypatch):
    monkeypatch.setattr(probes, "list_photos", lambda words: PATHS)
    monkeypatch.setattr(probes, "load", lambda path: None)
    read = probes.read_probes(photos, "label" if expected else "top")
    assert (len(read.targets) == 2) == expected


BAD = [
    (lambda: Watch([]), "no photo"),
    (lambda: Watch(X[:3]), r"Watch\(\(photos, \[0, 1, …\]\)\)"),
    (lambda: Watch(["nowhere.png"], "top"), "nowhere.png"),
    (lambda: Watch(7, "top"), "int"),
    (lambda: Watch(np.zeros((100, 16, 16, 3)), "top"), "too many"),
    (lambda: Watch((X[:3], [0.5, 1, 2])), "one index or name"),
    (lambda: Watch((X[:3], np.ones((3, 3)))), "a single 1"),
    (lambda: Watch((X[:3], [0, 1, 2]), "top"), "leave one"),
    (lambda: Watch(X[:3], []), "empty"),
    (lambda: Watch(X[:3], "top", every=0), "every"),
    (lambda: Watch(X[:3], "top", to=7), "SummaryWriter"),
    (lambda: Watch(X[:3], "top", to=__file__), "is a file"),
    (lambda: Watch(X[:3], "top", masks=[], boxes=[]), "one of them"),
    (lambda: Watch(X[:3], "top", masks="nowhere.json"), "nowhere.json"),
    (lambda: Watch(X[:3], "top", fit="stretch"), "fit"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_wrong_arguments_are_told_when_it_is_made(make, words):
    with pytest.raises(errors.SeewhyError, match=words):
        make()


def test_an_unknown_option_is_told_with_the_nearest():
    with pytest.raises(TypeError, match="method"):
        Watch(X[:3], "top", metod="grad-cam")


LATE = [
    ({"targets": [0, 1, 7, 0]}, "no class 7"),
    ({"targets": [0, 1]}, "2 targets for 4 photos"),
    ({"targets": "top", "layer": "nowhere"}, "nowhere"),
    ({"targets": "top", "masks": [np.ones((16, 16), bool)]}, "1 masks for 4 photos"),
    ({"targets": "top", "masks": np.ones((4, 8, 8), bool)}, r"\(16, 16\)"),
    ({"targets": "top", "boxes": [[(90, 90, 99, 99)]] * 4}, "no pixel"),
    ({"targets": "top", "boxes": [[(9, 0, 3, 9)]] * 4}, "from left to right"),
]


@pytest.mark.parametrize(("named", "words"), LATE)
def test_what_does_not_fit_the_model_is_told_before_the_first_epoch(named, words):
    model, epochs = watched.classifier(), []
    begun = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, _: epochs.append(epoch))
    with pytest.raises(errors.SeewhyError, match=words):
        watched.fit(model, [begun, Watch(X[:4], prepared=True, **named)])
    assert not epochs


def test_folders_that_are_no_classes_are_told(tmp_path):
    path = tmp_path / "yak" / "x.png"
    path.parent.mkdir()
    Image.fromarray((X[0] * 255).astype("uint8")).save(path)
    with pytest.raises(errors.TargetError, match=r"'yak'.*labels=.*targets=\"top\""):
        watched.fit(watched.classifier(), [Watch([path], preprocess="unit")])


def test_a_grid_that_is_all_border_is_warned_of():
    with pytest.warns(errors.SeewhyWarning, match="all-border"):
        watched.fit(watched.classifier_of_two_cells(), [watch()])


@pytest.mark.framework_free
def test_maps_of_many_values_are_thinned_out_and_the_newest_kept():
    from helpers.explanations import explanation
    from seewhy.callbacks.kept_maps import MOST_BYTES, KeptMaps

    kept = KeptMaps("photo")
    side = 200
    each = explanation(map=np.ones((side, side), "float32"))
    for epoch in range(200):
        kept.add(epoch, each)
        assert kept.epochs[-1] == epoch
        assert kept.epochs[0] == 0
        assert len(kept.epochs) * each.map.nbytes <= max(MOST_BYTES, 17 * each.map.nbytes)
    assert kept.epochs == sorted(set(kept.epochs))
    assert len(kept.epochs) == len(kept.explanations) > 8
