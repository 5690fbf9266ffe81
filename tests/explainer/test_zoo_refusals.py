"""Kinds of model, layer and question that cannot work say so, with the mend."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

import seewhy
from nets import tiny, zoo
from nets.zoo import conv, image
from nets.zoo_subclassed import Explicit
from seewhy import errors
from seewhy.explainer.explainer import Explainer


def named(*names):
    """The pattern of a message that holds all of these, in any order."""
    return "(?s)" + "".join(f"(?=.*{name})" for name in names)


def small():
    return zoo.classifier(conv(name="a"), conv(name="b"), at=2).model


def refused(error, pattern, model, inputs=None, target="top", **options):
    """Explaining raises one line that holds the pattern."""

    def explain():
        Explainer(model, **options)(zoo.images() if inputs is None else inputs, target)

    with pytest.raises(error, match=pattern) as caught:
        explain()
    assert isinstance(caught.value, errors.SeewhyError)
    assert "\n" not in str(caught.value)


def test_an_unbuilt_subclassed_model():
    with pytest.raises(errors.ModelError, match=named("(unbuilt|not built|never)", "[Cc]all")):
        Explainer(Explicit())


def test_an_unbuilt_sequential():
    model = keras.Sequential([conv(), layers.Flatten(), layers.Dense(3)])
    with pytest.raises(errors.ModelError, match=named("(unbuilt|not built)", "(Input|[Cc]all)")):
        Explainer(model)


def test_no_spatial_layer():
    inputs = keras.Input((7,))
    model = tiny.fixed(keras.Model(inputs, layers.Dense(3)(layers.Dense(4)(inputs))))
    refused(
        (errors.LayerError, errors.ModelError),
        named("(spatial|space|image)"),
        model,
        np.ones((1, 7), "float32"),
    )


def test_a_grid_of_one_cell():
    inputs = image()
    pooled = layers.GlobalAveragePooling2D(keepdims=True, name="pooled")(conv(name="a")(inputs))
    model = tiny.fixed(keras.Model(inputs, layers.Flatten()(conv(3, 1, name="behind")(pooled))))
    refused(errors.LayerError, named("behind", "earlier", "'a'"), model, layer="behind")


def test_a_layer_beside_the_way_to_the_output():
    inputs = image()
    main, side = conv(name="main")(inputs), conv(name="side")(inputs)
    gap = layers.GlobalAveragePooling2D
    outputs = [layers.Dense(3, name="one")(gap()(main)), layers.Dense(2, name="two")(gap()(side))]
    model = tiny.fixed(keras.Model(inputs, outputs))
    explainer = Explainer(model, layer="side", output="one")
    with pytest.warns(errors.SeewhyWarning, match="no-gradient.*on the way to"):
        explained = explainer(zoo.images(count=1))
    assert not explained[0].map.any()


class BareSoftmax(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.dense = conv(name="conv"), layers.Dense(3)

    def call(self, x):
        return ops.softmax(self.dense(ops.max(self.conv(x), axis=(1, 2))))


def test_a_bare_softmax_that_no_layer_tells_of():
    model = BareSoftmax()
    model(zoo.images())
    explainer = Explainer(tiny.fixed(model))
    with pytest.warns(errors.SeewhyWarning, match="logits-not-found"):
        explained = explainer(zoo.images(count=1), 1)
    given = ops.convert_to_numpy(ops.stop_gradient(model(zoo.images(count=1))))
    assert explained[0].score == pytest.approx(given[0, 1], rel=1e-4)


def test_a_layer_that_runs_once_a_step():
    inputs = keras.Input((6, 3))
    both_ways = layers.Bidirectional(
        layers.GRU(4, return_sequences=True, name="inner"), name="steps"
    )
    x = layers.GlobalAveragePooling1D()(both_ways(inputs))
    model = tiny.fixed(keras.Model(inputs, layers.Dense(3)(x)))
    signals = np.zeros((2, 6, 3), "float32")
    message = named("inner", "'steps'", "occlusion")
    refused(errors.LayerError, message, model, signals, layer="forward_inner")


@pytest.fixture(scope="module")
def two_inputs():
    photo, table = image(name="photo"), keras.Input((4,), name="table")
    x = layers.GlobalAveragePooling2D()(conv(name="a")(photo)) + table
    return tiny.fixed(keras.Model([photo, table], layers.Dense(3)(x)))


def test_an_input_is_missing(two_inputs):
    refused(errors.ImageError, named("photo", "table"), two_inputs, zoo.images())


def test_an_input_has_another_name(two_inputs):
    given = [{"photo": zoo.images()[0], "tables": np.ones(4, "float32")}]
    refused(errors.ImageError, named("table'"), two_inputs, given)


def test_too_many_inputs(two_inputs):
    given = [(zoo.images()[0], np.ones(4, "float32"), np.ones(4, "float32"))]
    refused(errors.ImageError, named("2|two|photo"), two_inputs, given)


def test_inputs_of_different_counts(two_inputs):
    given = (zoo.images(count=3), np.ones((2, 4), "float32"))
    refused(errors.ImageError, named("3", "2"), two_inputs, given)


def test_as_many_targets_as_images():
    refused(errors.TargetError, "3 targets for 2 images", small(), target=[0, 1, 2])


@pytest.fixture(scope="module")
def two_outputs():
    inputs = image()
    x = layers.GlobalAveragePooling2D()(conv(name="a")(inputs))
    kind, colour = layers.Dense(3, name="kind")(x), layers.Dense(4, name="colour")(x)
    return tiny.fixed(keras.Model(inputs, {"kind": kind, "colour": colour}))


@pytest.mark.parametrize("wanted", ["colours", 2])
def test_an_unknown_output(two_outputs, wanted):
    refused(errors.SeewhyError, named("kind", "colour'"), two_outputs, output=wanted)


def test_an_unknown_output_of_a_target(two_outputs):
    from seewhy import targets

    target = targets.output("colours", 0)
    refused(errors.TargetError, named("kind", "colour'"), two_outputs, target=target)


def test_an_ambiguous_layer():
    def block(name):
        x = keras.Input((None, None, 3))
        return keras.Model(x, conv(3, name="conv")(x), name=name)

    model = zoo.classifier(block("one"), block("two"), at=2).model
    refused(errors.LayerError, named("one/conv", "two/conv", "path"), model, layer="conv")


def test_a_call_that_does_not_happen():
    refused(errors.LayerError, named("a", "1"), small(), layer="a#3")
    refused(errors.LayerError, named("-9"), small(), layer=-9)


def _tokens(count):
    """All but one of (count, 2) patches, which leaves no grid."""
    inputs = keras.Input((count * 4, 8, 3))
    patches = layers.Conv2D(6, 4, strides=4)(inputs)
    tokens = layers.Dense(6, name="tokens")(layers.Reshape((count * 2, 6))(patches)[:, 1:])
    model = keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(tokens)))
    return tiny.fixed(model), zoo.images(count * 4, 8)


def test_tokens_that_are_no_grid():
    model, images = _tokens(8)
    refused(errors.LayerError, r"grid=\(", model, images, layer="tokens")


def test_a_grid_that_does_not_fit_the_tokens():
    model, images = _tokens(8)
    refused(errors.LayerError, named("grid"), model, images, layer="tokens", grid=(4, 4))


def test_photos_of_other_channels():
    model = zoo.classifier(conv(), at=1, inputs=image(16, 16, 5)).model
    photo = np.zeros((16, 16, 3), "uint8")
    refused(errors.SeewhyError, named("5", "float"), model, [photo], preprocess="none")
    bands = np.zeros((16, 16, 4), "uint8")
    refused(errors.SeewhyError, named("5"), model, [bands], preprocess="none")


def _all(outputs):
    return outputs


def _sum(outputs):
    return ops.sum(outputs)


@pytest.mark.parametrize("function", [_all, _sum])
def test_a_function_that_gives_no_score_per_image(function):
    refused(errors.TargetError, named("shape", function.__name__), small(), target=function)


@pytest.mark.parametrize(
    ("wanted", "pattern"),
    [
        (lambda t: t.class_(9), named("0", "4")),
        (lambda t: t.binary(True), "single|5"),
        (lambda t: t.region(1, point=(2, 2)), "segmentation|position"),
        (lambda t: t.similarity(np.ones(3)), named("3", "5")),
    ],
)
def test_questions_that_do_not_fit_the_output(wanted, pattern):
    from seewhy import targets

    refused(errors.TargetError, pattern, small(), target=wanted(targets))


def test_layers_that_cannot_be_fused():
    refused(errors.LayerError, named("no such", "[Nn]earest"), small(), layer=["a", "no such"])
    refused(errors.OptionError, named("mean", "product"), small(), layer=["a", "b"], fuse="median")


def test_a_split_of_things_that_are_no_functions():
    with pytest.raises((errors.ModelError, TypeError), match=r"head|tail|call"):
        Explainer(seewhy.Split(None, None))(zoo.images())
