"""No silence: what is said of a map, by name, in Python, in the record and as figures."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
from keras import layers, ops

from nets import tiny
from seewhy import errors, targets
from seewhy.explainer.explainer import Explainer
from seewhy.maps import diagnostics


def names(explanation):
    return [text.partition(":")[0] for text in explanation.warnings]


def explained(model, images=None, question="top", **options):
    images = tiny.images(1) if images is None else images
    with pytest.warns(errors.SeewhyWarning):
        return Explainer(model, preprocess="none", **options)(images, question)[0]


MAPS = {
    "fine": ([[1.0, -0.5], [0.25, 0.0]], True, []),
    "zero": ([[0.0, 0.0], [0.0, 0.0]], True, ["all-zero"]),
    "unreached": ([[0.0, 0.0], [0.0, 0.0]], False, ["no-gradient"]),
    "negative": ([[-1.0, -2.0], [-0.5, 0.0]], True, ["no-positive-evidence"]),
    "mostly negative": ([[0.1, -2.0], [-0.5, 0.0]], True, ["mostly-negative"]),
    "constant": ([[3.0, 3.0], [3.0, 3.0]], True, ["constant"]),
    "one cell": ([[3.0]], True, ["single-cell"]),
    "NaN": ([[np.nan, 1.0], [0.0, 0.0]], True, ["not-finite"]),
    "infinite": ([[np.inf, 1.0], [0.0, 0.0]], True, ["not-finite"]),
}


@pytest.mark.framework_free
@pytest.mark.parametrize("kind", MAPS)
def test_warnings_about_a_map(kind):
    map, reached, expected = MAPS[kind]
    texts = diagnostics.map_warnings(np.array(map, "float32"), reached)
    assert [text.partition(":")[0] for text in texts] == expected


@pytest.mark.framework_free
def test_figures_of_a_map():
    figures = diagnostics.map_figures(np.array([[3.0, -1.0], [0.0, -2.0]], "float32"), True)
    assert figures == {
        "grid": [2, 2],
        "finite": True,
        "gradient_reaches_layer": True,
        "constant": False,
        "positive": 3.0,
        "negative": 3.0,
        "clipped": 0.5,
    }
    assert diagnostics.map_figures(np.full((2, 2), np.nan, "float32"), True)["finite"] is False


@pytest.mark.framework_free
def test_how_large_the_negative_evidence_is():
    map = np.array([[-1.0, -2.5]], "float32")
    (text,) = diagnostics.map_warnings(map, True, mend="Ask otherwise.")
    assert "-2.5 to -1" in text
    assert "-3.5" in text
    assert text.endswith("zero. Ask otherwise.")


def test_a_saturated_probability_suggests_the_logits():
    model = tiny.plain()
    kernel, bias = model.get_layer("predictions").get_weights()
    model.get_layer("predictions").set_weights([kernel, bias + 60 * np.eye(5)[0]])
    for explanation, mend in (
        (explained(model, scores="probabilities"), "Ask the logits: scores='logits'"),
        (explained(model, question=targets.probability(0)), "targets.class_(…) does: then"),
        (
            explained(model, question=targets.probability(0), scores="probabilities"),
            "targets.class_(…) does, and scores='logits'",
        ),
    ):
        assert "saturated" in names(explanation)
        assert any(mend in text for text in explanation.warnings)
    assert "saturated" not in names(Explainer(model)(tiny.images(1), 0)[0])


def test_a_layer_that_is_not_on_the_way():
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="used")(image)
    y = layers.Conv2D(4, 3, activation="relu", name="other")(image)
    pooled = [layers.GlobalAveragePooling2D()(one) for one in (x, y)]
    outputs = [layers.Dense(3, name=name)(one) for name, one in zip("ab", pooled, strict=True)]
    model = tiny.fixed(keras.Model(image, outputs))
    explanation = explained(model, layer="other", output="a")
    assert "no-gradient" in names(explanation)
    assert "(a; seewhy.layers(model)" in "".join(explanation.warnings)
    assert explanation.diagnostics["gradient_reaches_layer"] is False
    assert not explanation.heatmap.any()
    other = Explainer(model, layer="other", output="b")(tiny.images(1))[0]
    assert "no-gradient" not in names(other)


def test_a_softmax_that_cannot_be_left_out():
    image = keras.Input((32, 32, 3))
    x = layers.Dense(4)(layers.GlobalAveragePooling2D()(tiny.trunk(image)))
    model = tiny.fixed(keras.Model(image, layers.Lambda(lambda z: ops.softmax(z))(x)))
    explanation = explained(model)
    assert names(explanation)[0] == "logits-not-found"
    assert explanation.diagnostics["logits_found"] is False
    shares = ops.convert_to_numpy(model(tiny.images(1)))[0]
    assert explanation.score == pytest.approx(shares.max(), rel=1e-4)
    assert explanation.predictions[0].probability == pytest.approx(shares.max(), rel=1e-4)


def test_a_single_value_that_looks_like_a_probability():
    image = keras.Input((32, 32, 3))
    x = layers.Dense(1)(layers.GlobalAveragePooling2D()(tiny.trunk(image)))
    model = tiny.fixed(keras.Model(image, layers.Lambda(lambda z: ops.sigmoid(z))(x)))
    explanation = explained(model)
    assert names(explanation)[0] == "logits-not-found"
    assert "targets.regression()" in explanation.warnings[0]


def test_everything_is_in_the_record():
    explanation = Explainer(tiny.plain(), layer="conv1")(tiny.images(1))[0]
    record = json.loads(json.dumps(explanation.as_dict()))
    assert set(record["diagnostics"]) == {
        *("grid", "finite", "gradient_reaches_layer", "constant"),
        *("positive", "negative", "clipped", "output", "logits_found"),
    }


def test_figures_agree_with_the_map():
    explanation = Explainer(tiny.plain())(tiny.images(1), 2)[0]
    map = explanation.map.astype("float64")
    figures = explanation.diagnostics
    assert figures["positive"] == pytest.approx(np.maximum(map, 0).sum())
    assert figures["negative"] == pytest.approx(-np.minimum(map, 0).sum())
    assert figures["clipped"] == pytest.approx(figures["negative"] / np.abs(map).sum())
