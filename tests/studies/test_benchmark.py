"""`seewhy.benchmark`: figures, intervals, controls, and runs that go on where they were."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from scipy import stats

import seewhy
from helpers.browser import assert_readable, needs_chromium, opened
from seewhy import ground_truth
from seewhy.annotations.records import Annotated, Annotations, Thing
from seewhy.cli import app
from seewhy.errors import MethodError, OptionError
from seewhy.explainer.explainer import Explainer
from seewhy.models.wrapped_model import fingerprint
from seewhy.studies.benchmark import measures, plots, results_file, statistics, tables, timing
from seewhy.studies.benchmark.best_and_worst import DrawnMethod, DrawnPhoto

pytestmark = pytest.mark.one_backend

SPOT = 12


def halves(seed: int = 0) -> keras.Model:
    """Tells from red light, which two of its six units see, whether a photo has a red spot."""
    image = keras.Input((32, 32, 3), name="photo")
    x = layers.Conv2D(6, 3, padding="same", activation="relu", use_bias=False, name="units")(image)
    x = layers.AveragePooling2D(4, name="cells")(x)
    x = layers.GlobalAveragePooling2D()(x)
    made = keras.Model(image, layers.Dense(2, activation="softmax", name="two")(x), name="halves")
    random = np.random.default_rng(seed)
    kernel = np.zeros((3, 3, 3, 6), "float32")
    for unit in range(6):
        # units 0 and 1 see red, the others blue, of which backgrounds are made
        kernel[..., 0 if unit < 2 else 2, unit] = random.uniform(0.05, 0.15, (3, 3))
    weights = np.array([[30, -30], [30, -30], *[[0, 0]] * 4], "float32")
    made.get_layer("units").set_weights([kernel])
    made.get_layer("two").set_weights([weights, np.array([-1, 1], "float32")])
    return made


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """Twelve photos with a red spot somewhere on noise of blue, and their boxes."""
    folder = tmp_path_factory.mktemp("album")
    random = np.random.default_rng(0)
    rows = []
    for k in range(12):
        pixels = np.zeros((40, 40, 3), "uint8")
        pixels[..., 2] = random.integers(0, 256, (40, 40))
        left, top = random.integers(0, 40 - SPOT, 2).tolist()
        pixels[top : top + SPOT, left : left + SPOT] = (255, 0, 0)
        Image.fromarray(pixels).save(folder / f"{k:02}.png")
        thing = Thing("red", (left, top, left + SPOT, top + SPOT))
        rows.append(Annotated(f"{k:02}.png", None, (thing,)))
    return folder, Annotations(tuple(rows), "spots")


SETTINGS = {"preprocess": "unit", "labels": ["red", "none"], "target": 0}
WISHES = {"methods": ["grad-cam", "random-cam"], "layers": ["cells"]}


@pytest.fixture(scope="module")
def done(album, tmp_path_factory):
    """The table of all tests that only look at it, its folder, and the model."""
    folder = tmp_path_factory.mktemp("out")
    metrics = ["deletion", "insertion", "energy-inside", "max-box-acc", "pointing-game"]
    model = halves()
    found = seewhy.benchmark(
        model, album[0], boxes=album[1], metrics=metrics, folder=folder, **WISHES, **SETTINGS
    )
    return found, folder, model


def shown(found):
    """Everything but what is timed."""
    return json.loads(json.dumps(found.as_dict()), object_hook=_untimed)


def _untimed(record):
    return {k: v for k, v in record.items() if k not in ("seconds", "passes")}


@pytest.mark.framework_free
def test_the_interval_is_that_of_scipy():
    values = np.random.default_rng(1).gamma(1.0, size=40)
    own = statistics.percentile_interval(
        statistics.bootstrap_statistics([values[:, None]], seed=3, resamples=20000)[0]
    )
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=20000, rng=np.random.default_rng(0)
    ).confidence_interval
    np.testing.assert_allclose(own, theirs, atol=0.02 * (theirs.high - theirs.low))
    # of hits and misses, means of resamples are binomial: a closed form
    hits = np.repeat([0.0, 1.0], [12, 28])[:, None]
    closed = stats.binom.ppf([0.025, 0.975], 40, 0.7) / 40
    drawn = statistics.percentile_interval(
        statistics.bootstrap_statistics([hits], seed=5, resamples=20000)[0]
    )
    np.testing.assert_allclose(drawn, closed, atol=0.025)


@pytest.mark.framework_free
def test_differences_are_paired_and_set_measures_choose_once():
    values = np.random.default_rng(2).normal(size=(30, 1))
    draws = statistics.bootstrap_statistics([values + 0.5, values])
    np.testing.assert_allclose(draws[0] - draws[1], 0.5, atol=1e-12)
    hits = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert statistics.set_statistic(hits) == pytest.approx(2 / 3)
    # never both thresholds at once, as photo by photo the best one would give 1
    assert statistics.bootstrap_statistics([hits]).mean() < 0.85
    # blocks of resamples are drawn like one
    few, statistics.CELLS = statistics.CELLS, 64
    try:
        blocks = statistics.bootstrap_statistics([values], resamples=2000)
    finally:
        statistics.CELLS = few
    assert blocks.shape == (1, 2000)
    assert blocks.std() == pytest.approx(values.std() / np.sqrt(30), rel=0.1)


def test_what_finds_something_is_told_from_chance(done):
    found = done[0]
    rows = {row.method: row for row in found.rows}
    assert list(rows) == [
        *("grad_cam", "random_cam", "random map", "centre Gaussian", "edge detector")
    ]
    assert [row.control for row in found.rows] == [False, False, True, True, True]
    for name in ("deletion", "insertion", "energy_inside"):
        assert rows["grad_cam"].figures[name].verdict == "better", name
        assert rows["random_cam"].figures[name].verdict != "better", name
    # a spot on noise has edges: what knows nothing of the network may box it as well
    boxed = {name: row.figures["max_box_acc"] for name, row in rows.items()}
    assert boxed["grad_cam"].mean == boxed["edge detector"].mean == 1
    assert boxed["grad_cam"].verdict == "even"
    assert boxed["random_cam"].verdict == "worse"
    for row in found.rows:
        for figure in row.figures.values():
            assert figure.photos == 12
            assert figure.low <= figure.mean <= figure.high
            assert not (row.control and figure.versus)
    assert rows["grad_cam"].seconds > 0
    assert rows["grad_cam"].passes > 0.3
    assert np.isnan(rows["random map"].seconds)


def test_figures_are_those_of_the_measures(done, album):
    found, _, model = done
    explainer = Explainer(model, layer="cells", preprocess="unit")
    photos = sorted(map(str, album[0].glob("*.png")))
    maps = np.stack([one.heatmap for one in explainer(photos, 0)])
    boxes = [one.boxes(40, 40) for one in ground_truth.matched(album[1], photos)]
    wished = seewhy.metrics.localisation
    own = found.rows[0].figures
    energy = wished.energy_inside(maps, boxes)
    assert own["energy_inside"].mean == pytest.approx(energy.mean(), abs=1e-6)
    assert own["pointing_game"].mean == wished.pointing_game(maps, boxes).mean()
    assert own["max_box_acc"].mean == pytest.approx(wished.max_box_acc(maps, boxes))


def test_the_same_seed_gives_the_same_table(done, album):
    found, _, model = done
    metrics = ["deletion", "energy-inside", "pointing-game"]
    wishes = {"boxes": album[1], "metrics": metrics, **WISHES, **SETTINGS}
    # another size of batches, too
    again = seewhy.benchmark(model, album[0], batch_size=5, **wishes)
    one, other = shown(found), shown(again)
    for row, same in zip(one["rows"], other["rows"], strict=True):
        for name, figure in same["figures"].items():
            assert figure["verdict"] == row["figures"][name]["verdict"]
            for end in ("mean", "low", "high"):
                assert figure[end] == pytest.approx(row["figures"][name][end], abs=1e-5)
    small = {"metrics": ["energy-inside"], **SETTINGS, **WISHES, "boxes": album[1]}
    seeds = [seewhy.benchmark(model, album[0], seed=seed, **small).rows for seed in (0, 1)]
    assert seeds[0][2].figures != seeds[1][2].figures  # the random map's
    assert seeds[0][0].figures["energy_inside"].mean == seeds[1][0].figures["energy_inside"].mean


@pytest.fixture
def counted(monkeypatch):
    """How many photos were explained, and by which method, without those that are timed."""
    calls = []
    plain = Explainer.__call__

    def call(self, images, targets="top"):
        calls.append((self.method, len(images)))
        return plain(self, images, targets)

    monkeypatch.setattr(Explainer, "__call__", call)
    monkeypatch.setattr(timing, "time_explanation", lambda *_: (0.1, 1.0))
    return calls


def test_a_run_that_was_stopped_goes_on(album, tmp_path, monkeypatch, counted):
    from seewhy.studies.benchmark.results_file import ResultsFile

    wishes = {"metrics": ["energy-inside"], "boxes": album[1], "batch_size": 4}
    wishes |= {**WISHES, **SETTINGS}
    model = halves()
    whole = seewhy.benchmark(model, album[0], folder=tmp_path / "whole", **wishes)
    counted.clear()
    plain, written = ResultsFile.add, []

    def add(self, key, record):
        if len(written) == 30:
            raise KeyboardInterrupt
        written.append(key)
        plain(self, key, record)

    monkeypatch.setattr(ResultsFile, "add", add)
    with pytest.raises(KeyboardInterrupt):
        seewhy.benchmark(model, album[0], folder=tmp_path / "half", **wishes)
    monkeypatch.setattr(ResultsFile, "add", plain)
    # as if it was killed while it wrote
    with (tmp_path / "half" / "results.jsonl").open("a") as file:
        file.write('{"key": "half a li')
    counted.clear()
    again = seewhy.benchmark(model, album[0], folder=tmp_path / "half", **wishes)
    assert shown(again) == shown(whole)
    lines = (tmp_path / "half" / "results.jsonl").read_text().splitlines()
    assert len(lines) == 5 * 12 + 2
    assert all(json.loads(line) for line in lines)
    # two methods of four photos and their controls are 20, and two costs
    assert counted == [("grad_cam", 4), ("random_cam", 4)]
    counted.clear()
    seewhy.benchmark(model, album[0], folder=tmp_path / "half", **wishes)
    assert counted == []
    more = {**wishes, "metrics": ["energy-inside", "complexity"]}
    found = seewhy.benchmark(model, album[0], folder=tmp_path / "half", **more)
    assert found.rows[0].figures["complexity"].photos == 12


def test_what_has_changed_is_measured_again(album, tmp_path, counted):
    photo = tmp_path / "photo.png"
    Image.open(album[0] / "00.png").save(photo)
    drawn = Annotations((Annotated("photo.png", None, (Thing("red", (0, 0, 9, 9)),)),), "one")
    wishes = {"metrics": ["energy-inside"], "methods": ["grad-cam"], **SETTINGS}
    model = halves()

    def runs(**changes):
        counted.clear()
        given = {"boxes": drawn, **wishes, **changes}
        found = seewhy.benchmark(model, photo, folder=tmp_path / "out", **given)
        return sum(count for _, count in counted), found.rows[0].figures["energy_inside"].mean

    assert runs()[0] == 1
    assert runs()[0] == 0
    assert runs(layers=["cells"])[0] == 1
    assert runs(target=1)[0] == 1
    assert runs(scores="probabilities")[0] == 1
    assert runs(methods=[("layer-cam", {})])[0] == 1
    assert runs(seed=1)[0] == 1
    before = runs()[1]
    other = Annotations((Annotated("photo.png", None, (Thing("red", (9, 9, 30, 30)),)),), "one")
    count, mean = runs(boxes=other)
    assert count == 1
    assert mean != before
    layer = model.get_layer("two")
    layer.set_weights([2 * one for one in layer.get_weights()])
    assert runs()[0] == 1
    Image.open(album[0] / "01.png").save(photo)
    assert runs()[0] == 1
    assert runs()[0] == 0


def test_measures_that_ask_the_method_again(album):
    model = halves()
    photos = [str(album[0] / f"{k:02}.png") for k in range(3)]
    metrics = [("max-sensitivity", {"samples": 2}), "flip-consistency", "class-sensitivity"]
    metrics += ["road", ("irof", {"segments": 4}), ("infidelity", {"samples": 8})]
    metrics += ["average-drop", "increase", "sufficiency", "comprehensiveness", "complexity"]
    metrics += [("pixel-flipping", {"step": 64}), "coherency", "adcc"]
    found = seewhy.benchmark(model, photos, metrics=metrics, **WISHES, **SETTINGS)
    assert found.problems == ()
    rows = {row.method: row.figures for row in found.rows}
    assert rows["random map"]["max_sensitivity(samples=2)"].mean == 0
    assert rows["grad_cam"]["max_sensitivity(samples=2)"].mean > 0
    # random weights do not follow the class, and neither do maps that know nothing
    assert rows["random_cam"]["class_sensitivity"].mean == pytest.approx(1, abs=1e-5)
    assert rows["random_cam"]["class_sensitivity"].verdict == "even"
    assert rows["grad_cam"]["class_sensitivity"].verdict == "better"
    assert rows["centre Gaussian"]["flip_consistency"].mean == pytest.approx(1)
    # a random map is the same for every image, so that it seems to be coherent
    assert rows["random map"]["coherency"].mean == pytest.approx(1)
    one = rows["random map"]
    assert one["adcc"].mean <= min(1 - one["complexity"].mean, 1 - one["average_drop"].mean) * 3
    assert "3 photos are few" in found.notes[0]


def test_a_broken_photo_and_a_method_that_cannot(album, tmp_path, monkeypatch, capsys):
    (tmp_path / "broken.png").write_bytes(b"no photo")
    halves().save(tmp_path / "halves.keras")
    (tmp_path / "names.txt").write_text("red\nnone\n")
    line = ["seewhy", "benchmark", str(album[0] / "00.png"), str(album[0] / "01.png")]
    line += [str(tmp_path / "broken.png"), str(tmp_path / "none.png")]
    line += ["--models", str(tmp_path / "halves.keras"), "--labels", str(tmp_path / "names.txt")]
    line += ["--preprocess", "unit", "--methods", "grad-cam,attention-rollout,rise:masks=8"]
    line += ["--metrics", "deletion:step=128,average-drop", "--target", "red"]
    monkeypatch.setattr(sys, "argv", [*line, "--output", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 1
    told = capsys.readouterr()
    assert "broken.png" in told.err
    assert "none.png" in told.err
    assert "2 photos" in told.out
    assert "MultiHeadAttention" in told.out
    monkeypatch.setattr(sys, "argv", [*line, "--output", str(tmp_path / "out"), "--json"])
    with pytest.raises(SystemExit):
        app.main()
    record = json.loads(capsys.readouterr().out)
    assert record["photos"] == 2
    methods = [row["method"] for row in record["rows"] if not row["control"]]
    assert methods == ["grad_cam", "attention_rollout", "rise(masks=8)"]
    assert record["rows"][1]["problem"]
    assert record["rows"][0]["figures"]["deletion(step=128)"]["photos"] == 2
    assert record["measures"]["average_drop"]["good"] == "low"


def test_unknown_names_are_told_at_once(album):
    model = halves()
    with pytest.raises(OptionError, match=r"Did you mean 'deletion'.*Known metrics.*insertion"):
        seewhy.benchmark(model, album[0], metrics=["delition"])
    with pytest.raises(OptionError, match="no option 'speed'"):
        seewhy.benchmark(model, album[0], metrics=[("deletion", {"speed": 1})])
    with pytest.raises(OptionError, match="boxes"):
        seewhy.benchmark(model, album[0], metrics=["pointing-game"])
    with pytest.raises(MethodError, match="grad_cam"):
        seewhy.benchmark(model, album[0], methods=["grad-cat"], **SETTINGS)
    with pytest.raises(OptionError, match="methods"):
        seewhy.benchmark(model, album[0], methods="grad-cam")


class Page(HTMLParser):
    """Counts rows and pictures, and minds that each tag is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.rows, self.pictures = [], 0, []
        self.names = set()

    def handle_starttag(self, tag, attributes):
        self.names |= {tag, *(name for name, _ in attributes)}
        self.rows += tag == "tr"
        self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.names |= {tag, *(name for name, _ in attributes)}
        if tag == "img":
            self.pictures.append(dict(attributes)["src"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


HOSTILE = "<script>alert(1)</script>\" onerror='x'"
HOSTILE_FILE = "<img src=x onerror=alert(2)>'\".png"


def test_nothing_from_outside_gets_into_a_page_unescaped(done):
    found = done[0]
    row = replace(found.rows[0], model=HOSTILE, layer=HOSTILE, method=HOSTILE)
    problem = f"{HOSTILE_FILE}: {HOSTILE}"
    hostile = replace(
        found,
        rows=(row, *found.rows[1:], replace(row, problem=problem)),
        notes=(HOSTILE,),
        problems=(problem,),
        settings={HOSTILE: HOSTILE_FILE},
    )
    drawn = DrawnPhoto(HOSTILE_FILE, HOSTILE_FILE, Image.new("RGB", (4, 4)))
    methods = [DrawnMethod(HOSTILE_FILE, (drawn,))]
    page = tables.html(hostile, {HOSTILE: b"png", HOSTILE_FILE: b"png"}, methods)
    assert "<script>" not in page
    # three of each row, notes, settings and a picture; problems of the row and of all
    assert page.count("&lt;script&gt;") == 3 + 3 + 1 + 1 + 1 + 2
    assert page.count("&lt;img src=x onerror=alert(2)&gt;") == 2 + 1 + 1 + 1 + 2 * 2
    parsed, plain = Page(), Page()
    parsed.feed(page)
    plain.feed(tables.html(found, {"a": b"png"}, [DrawnMethod("a", (drawn,))]))
    assert parsed.open == []
    assert parsed.names == plain.names | {"colspan"}


def test_a_page_shows_where_each_method_did_best_and_worst(done):
    methods = done[0].draw()
    assert [method.name for method in methods] == ["grad-cam · cells", "random_cam · cells"] or [
        method.name for method in methods
    ] == ["grad_cam · cells", "random_cam · cells"]
    record = json.loads((done[1] / "benchmark.json").read_text(encoding="utf-8"))
    means = [row["figures"]["deletion"]["mean"] for row in record["rows"]]
    for method, mean in zip(methods, means, strict=False):
        best, worst = method.photos
        low, high = (float(each.words.split()[-1]) for each in (best, worst))
        assert low <= mean <= high  # of deletion less is better
        assert low < high
        for each, word in ((best, "best: "), (worst, "worst: ")):
            assert each.words.startswith(word)
            assert "deletion" in each.words
            assert max(each.picture.size) <= 320
            # there is heat on it
            assert np.asarray(each.picture).std() > 5
    assert "None" not in (done[1] / "benchmark.html").read_text(encoding="utf-8")


def test_methods_with_the_same_figures_are_named(album):
    found = seewhy.benchmark(
        halves(),
        album[0],
        methods=["grad-cam", "hires-cam", "eigen-cam"],
        layers=["cells"],
        metrics=["increase", "average-drop"],
        **SETTINGS,
    )
    by_name = {row.method: row for row in found.rows}
    # behind a mean over space gradients are the same everywhere, so both are one method
    assert by_name["hires_cam"].same_as == "grad_cam · cells"
    assert not by_name["grad_cam"].same_as
    assert not any(row.same_as for row in found.rows if row.control)
    assert any("hires_cam · cells has the same figures as grad_cam" in n for n in found.notes)
    assert "hires\\_cam (= grad\\_cam)" in tables.markdown(found)
    frame = found.to_frame()
    assert list(frame.method) == [row.method for row in found.rows]
    assert frame.increase.iloc[0] == found.rows[0].figures["increase"].mean


@needs_chromium
@pytest.mark.parametrize("width", [390, 1440])
def test_a_page_is_readable_and_its_columns_sort(done, width):
    with opened(done[1] / "benchmark.html", width=width) as (view, told):
        assert_readable(view, told)
        column = "[...document.querySelectorAll('tbody tr')].map(r => r.cells[3].dataset.value)"
        before = [float(value) for value in view.evaluate(column)]
        heading = view.locator("th button").nth(3)
        heading.focus()
        view.keyboard.press("Enter")
        assert [float(value) for value in view.evaluate(column)] == sorted(before)
        assert view.locator("th[aria-sort=ascending]").count() == 1
        heading.click()
        assert [float(value) for value in view.evaluate(column)] == sorted(before, reverse=True)
        view.locator("th button").nth(7 + 1).click()  # seconds, which controls have not
        seconds = "[...document.querySelectorAll('tbody tr')].map(r => r.cells[8].dataset.value)"
        values = view.evaluate(seconds)
        assert values == sorted(filter(None, values), key=float) + [""] * values.count("")


@pytest.mark.framework_free
@pytest.mark.parametrize("seed", range(4))
def test_numbers_beside_points_do_not_overlap(seed):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    random = np.random.default_rng(seed)
    points = [(float(x), float(y)) for x, y in zip(*random.random((2, 9)), strict=True)]
    points += [*points[:2], (points[3][0] + 0.01, points[3][1])]
    picture = Figure(figsize=(9, 4.5), layout="constrained")
    axes = picture.subplots()
    for x, y in points:
        axes.plot([x], [y], "o")
    plots.number_points(axes, points)
    canvas = FigureCanvasAgg(picture)
    canvas.draw()
    labels = [text for text in axes.texts if text.get_text()]
    extents = [text.get_window_extent(canvas.get_renderer()) for text in labels]
    assert sorted(int(n) for text in labels for n in text.get_text().split(", ")) == [*range(1, 13)]
    for k, one in enumerate(extents):
        assert not any(one.overlaps(other) for other in extents[k + 1 :])


def test_the_tables_are_whole(done):
    found, folder, _ = done
    with (folder / "benchmark.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(found.rows)
    assert float(lines[0]["deletion"]) == found.rows[0].figures["deletion"].mean
    assert lines[0]["deletion_verdict"] == "better"
    assert lines[2]["control"] == "1"
    assert lines[2]["seconds"] == ""
    table = [row for row in tables.markdown(found).splitlines() if row.startswith("|")]
    assert len(table) == len(found.rows) + 2
    assert len({row.replace("\\|", "").count("|") for row in table}) == 1
    page = Page()
    page.feed((folder / "benchmark.html").read_text(encoding="utf-8"))
    assert page.open == []
    assert page.rows == len(found.rows) + 1
    # two plots, the colours, and best and worst photo of both methods
    assert len(page.pictures) == 2 + 1 + 2 * 2
    assert all(source.startswith("data:image/png;base64,") for source in page.pictures)
    for name in ("figures.png", "cost.png"):
        with Image.open(folder / name) as picture:
            # something is drawn on the white
            assert np.asarray(picture.convert("L")).std() > 5
    record = json.loads((folder / "benchmark.json").read_text(encoding="utf-8"))
    assert record["rows"][0]["figures"]["deletion"]["verdict"] == "better"


@pytest.mark.framework_free
def test_what_is_not_defined_is_left_out_and_counted():
    one = measures.choose_measures(["energy-inside"], True)
    own = {str(k): {"energy_inside": np.array([np.nan if k == 0 else 0.9])} for k in range(5)}
    other = {str(k): {"energy_inside": np.array([np.nan if k == 1 else 0.1])} for k in range(5)}
    figure = statistics.row_figures(own, {"chance": other}, one, 0)["energy_inside"]
    assert (figure.photos, figure.left_out, figure.mean) == (4, 1, pytest.approx(0.9))
    assert figure.difference == pytest.approx((0.8, 0.8, 0.8))
    assert (figure.verdict, figure.versus) == ("better", "chance")
    single = statistics.row_figures({"2": own["2"]}, {"chance": other}, one, 0)["energy_inside"]
    assert single.verdict == ""
    assert np.isnan(single.low)
    assert tables.figure_text(figure) == "0.900 [0.900, 0.900] (4)"
    assert tables.figure_text(single) == "0.900"


def test_a_model_that_draws_chance_is_known_again():
    def dropped(seed):
        model = keras.Sequential(
            [keras.Input((4,)), layers.Dense(3), layers.Dropout(0.5, seed=seed)]
        )
        model.layers[0].set_weights([np.ones((4, 3)), np.zeros(3)])
        return model

    first, second = dropped(1), dropped(2)
    states = [
        [np.array(one) for one in model.variables if "seed" in one.path]
        for model in (first, second)
    ]
    assert not np.array_equal(*states)
    prints = [fingerprint(model) for model in (first, second)]
    assert prints[0] == prints[1]
    second.layers[0].set_weights([np.ones((4, 3)), np.ones(3)])
    assert fingerprint(second) != prints[0]


@pytest.mark.framework_free
def test_the_ledger_keeps_what_it_is_told(tmp_path):
    runs = np.repeat([1.0, 0.0, 1.0], [3, 2, 4])
    for figure in (np.array([0.1]), np.array([np.nan]), runs, np.full(4, np.nan)):
        kept = results_file.from_run_length(json.loads(json.dumps(results_file.run_length(figure))))
        np.testing.assert_array_equal(kept, figure)
    book = results_file.ResultsFile(tmp_path / "a" / "book.jsonl")
    book.add("x", {"values": {"a": 1}})
    book.add("x", {"values": {"b": 2}})
    read = results_file.ResultsFile(tmp_path / "a" / "book.jsonl")
    assert read.get("x")["values"] == {"a": 1, "b": 2}
    assert read.get("y") == {}
    keys = [
        results_file.result_key(given=given)
        for given in (1, "1", None, [1], {"a": 1}, np.ones(3), np.ones(4), len, lambda x: x)
    ]
    assert len(set(keys)) == len(keys)
    assert results_file.result_key(given=np.ones(3)) == keys[5]


@pytest.mark.framework_free
def test_matplotlib_keeps_its_windows():
    code = "import sys; from seewhy.studies.benchmark import plots, statistics; "
    code += "print('matplotlib.pyplot' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
