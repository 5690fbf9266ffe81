"""Models, inputs and questions at the edges, which a hostile reader tried first."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops

from nets import tiny, zoo
from nets.zoo import conv, image
from seewhy import errors, targets
from seewhy.explainer.explainer import Explainer


def small(loss=None, units=1):
    inputs = image()
    x = layers.GlobalAveragePooling2D()(conv(name="a")(inputs))
    model = tiny.fixed(keras.Model(inputs, layers.Dense(units, name="out")(x)))
    if loss is not None:
        model.compile(loss=loss)
    return model


def notes(explanation):
    return {text.split(":")[0] for text in explanation.warnings}


@pytest.mark.parametrize(
    "loss",
    [
        "mse",
        ["mse"],
        {"out": "mse"},
        keras.losses.Huber(name="mine"),
        keras.losses.MeanAbsoluteError(),
    ],
)
def test_a_loss_of_quantities_makes_one_unit_a_quantity(loss):
    explanation = Explainer(small(loss))(zoo.images(count=1))[0]
    assert "logits-not-found" not in notes(explanation)
    raw = ops.convert_to_numpy(small(loss)(zoo.images(count=1)))[0, 0]
    assert explanation.score == pytest.approx(raw, rel=1e-4)


@pytest.mark.parametrize("loss", ["binary_crossentropy", keras.losses.Hinge(), ["squared_hinge"]])
def test_a_loss_of_classes_makes_one_unit_a_logit_without_a_word(loss):
    explanation = Explainer(small(loss))(zoo.images(count=1))[0]
    assert "logits-not-found" not in notes(explanation)
    assert explanation.score >= 0  # the predicted side


def test_one_unit_without_a_loss_says_what_it_was_taken_for():
    assert "logits-not-found" in notes(Explainer(small())(zoo.images(count=1))[0])


def test_layers_that_see_different_inputs_are_not_fused():
    left, right = image(name="left"), image(name="right")
    a, b = conv(name="a")(left), conv(name="b")(right)
    x = layers.GlobalAveragePooling2D()(layers.Concatenate()([a, b]))
    model = tiny.fixed(keras.Model([left, right], layers.Dense(3)(x)))
    with pytest.raises(errors.LayerError, match=r"'a' sees left, 'b' sees right"):
        Explainer(model, layer=["a", "b"])([zoo.images(), zoo.images()])


def test_a_layer_that_sees_two_inputs_says_on_which_the_map_lies():
    left, right = image(name="left"), image(name="right")
    x = conv(name="a")(layers.Concatenate()([left, right]))
    x = layers.Dense(3)(layers.GlobalAveragePooling2D()(x))
    model = tiny.fixed(keras.Model([left, right], x))
    explanation = Explainer(model)([zoo.images(), zoo.images(seed=2)])[0]
    (note,) = (text for text in explanation.warnings if text.startswith("several-inputs"))
    assert "'left' and 'right'" in note


class Looping(keras.Model):
    """Runs one of its layers in a loop that the compiler sees."""

    def __init__(self):
        super().__init__()
        self.first, self.inner = conv(name="first"), conv(name="inner")
        self.gap, self.dense = layers.GlobalAveragePooling2D(), layers.Dense(3)
        self.inner.build((None, 16, 16, 4))

    def call(self, x):
        x = self.first(x)
        x = ops.map(lambda one: self.inner(one[None])[0], x)
        return self.dense(self.gap(x))


def test_layers_in_a_compiled_loop_are_no_targets():
    model = Looping()
    model(zoo.images())
    tiny.fixed(model)
    explanation = Explainer(model)(zoo.images(count=2))[0]
    assert explanation.heatmap.any()
    if keras.backend.backend() != "torch":  # where loops run as they are written
        assert explanation.layer.startswith("first")
        with pytest.raises(errors.LayerError, match="inner"):
            Explainer(model, layer="inner")(zoo.images())


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_values_of_a_table_that_are_no_numbers(wrong):
    photo, table = image(name="photo"), keras.Input((4,), name="table")
    x = layers.GlobalAveragePooling2D()(conv(name="a")(photo))
    model = tiny.fixed(keras.Model([photo, table], layers.Dense(3)(x * table)))
    rows = np.ones((2, 4), "float32")
    rows[1, 2] = wrong
    with pytest.raises(errors.SeewhyError, match=r"table.*(NaN|finite|infinite)"):
        Explainer(model)([zoo.images(), rows])


def test_inputs_of_whole_numbers():
    inputs = keras.Input((16, 16, 3), dtype="uint8")
    x = conv(name="a")(layers.Rescaling(1 / 255)(inputs))
    model = tiny.fixed(keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x))))
    pixels = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), "uint8")
    explanation = Explainer(model, preprocess="none")(pixels, 1)[0]
    assert explanation.heatmap.any()
    score = ops.convert_to_numpy(model(pixels))[0, 1]
    assert explanation.score == pytest.approx(score, rel=1e-4, abs=1e-5)


class Unhashable:
    __hash__ = None

    def __call__(self, outputs):
        return outputs[:, 1]


def test_a_question_that_has_no_hash():
    explainer = Explainer(small(units=3))
    ours, named = (explainer(zoo.images(), q)[0] for q in (Unhashable(), targets.class_(1)))
    np.testing.assert_allclose(ours.map, named.map, rtol=1e-5)


def test_a_model_of_one_batch_size_with_a_memory():
    inputs = keras.Input(batch_shape=(4, 20, 3))
    memory = layers.LSTM(5, stateful=True, name="memory")
    x = memory(layers.Conv1D(4, 3, activation="relu", name="a")(inputs))
    model = tiny.fixed(keras.Model(inputs, layers.Dense(3)(x)))
    memory.reset_state()
    signals = zoo.images(20, count=2)
    before = [ops.convert_to_numpy(v) for v in memory.states]
    found = Explainer(model)(signals, 1)
    for old, new in zip(before, memory.states, strict=True):
        np.testing.assert_array_equal(old, ops.convert_to_numpy(new))
    assert len(found) == 2
    scores = ops.convert_to_numpy(model(np.concatenate([signals, signals])))[:2, 1]
    assert [e.score for e in found] == pytest.approx(list(scores), rel=1e-3, abs=1e-5)


def test_scores_that_are_no_numbers_say_so():
    model = small(units=3)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, bias * np.nan])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert "not-finite" in notes(Explainer(model)(zoo.images(count=1), 0)[0])
