"""Questions: their scores against NumPy, their maps by the linearity of gradients, their words."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from nets import tiny
from seewhy import errors, targets
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.one_shot import explain

NAMES = ["ant", "bee", "cat", "dog", "eel"]


@pytest.fixture(scope="module")
def model():
    return tiny.plain()


@pytest.fixture(scope="module")
def explainer(model):
    return Explainer(model, labels=NAMES)


@pytest.fixture(scope="module")
def logits(model):
    """(batch, classes) of the images, from a model that ends in front of the softmax."""
    bare = tiny.plain("logits")
    bare.set_weights(model.get_weights())
    return ops.convert_to_numpy(bare(tiny.images(), training=False)).astype("float64")


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


VECTOR = np.array([1.0, -2.0, 0.5, 3.0, 0.0], "float32")

# question, its score by NumPy from the logits of one image, its words
QUESTIONS = {
    "index": (2, lambda z: z[2], "cat"),
    "numpy index": (np.int64(3), lambda z: z[3], "dog"),
    "name": ("dog", lambda z: z[3], "dog"),
    "class": (targets.class_("eel"), lambda z: z[4], "eel"),
    "top": (targets.top(), lambda z: z.max(), None),
    "second": (targets.top(1), lambda z: np.sort(z)[-2], None),
    "probability": (targets.probability("bee"), lambda z: softmax(z)[1], "probability of bee"),
    "margin": (targets.margin("cat", "dog"), lambda z: z[2] - z[3], "cat rather than dog"),
    "minus": (targets.class_("cat") - "dog", lambda z: z[2] - z[3], "cat rather than dog"),
    "against": (targets.counterfactual("ant"), lambda z: -z[0], "against ant"),
    "negated": (-targets.class_(0), lambda z: -z[0], "against ant"),
    "mean": (
        0.5 * (targets.class_("ant") + targets.class_("eel")),
        lambda z: 0.5 * (z[0] + z[4]),
        "0.5 × (ant and eel)",
    ),
    "divided": (targets.class_(1) / 4, lambda z: z[1] / 4, "0.25 × (bee)"),
    "multi label": (targets.multi_label(["ant", 3]), lambda z: z[0] + z[3], "ant and dog"),
    "regression": (targets.regression(2), lambda z: z[2], "cat"),
    "similarity": (
        targets.similarity(VECTOR),
        lambda z: cosine(z, VECTOR),
        "similarity to the given embedding",
    ),
    "function": (lambda outputs: ops.sum(outputs**2, axis=-1), lambda z: (z**2).sum(), "lambda"),
    "custom": (
        targets.custom(lambda outputs: outputs[:, 0] * outputs[:, 1], "ants times bees"),
        lambda z: z[0] * z[1],
        "ants times bees",
    ),
    "of a function": (
        targets.class_(0) - targets.custom(lambda outputs: outputs[:, 1] ** 2, "bees"),
        lambda z: z[0] - z[1] ** 2,
        "ant rather than bees",
    ),
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_scores_and_words(kind, explainer, logits):
    question, expected, words = QUESTIONS[kind]
    for explanation, z in zip(explainer(tiny.images(), [question] * 3), logits, strict=True):
        assert explanation.score == pytest.approx(expected(z), rel=1e-4, abs=1e-5)
        assert words is None or explanation.target.name == words
        assert explanation.target.name in explanation.title
        assert explanation.as_dict()["target"]["name"] == explanation.target.name


def maps(explainer, question):
    return np.stack([e.map for e in explainer(tiny.images(), question)])


def test_maps_are_linear_in_the_questions(explainer):
    a, b = maps(explainer, "ant"), maps(explainer, "eel")
    near = {"rtol": 1e-4, "atol": 1e-6}
    np.testing.assert_allclose(maps(explainer, targets.margin("ant", "eel")), a - b, **near)
    np.testing.assert_allclose(maps(explainer, -targets.class_("ant")), -a, **near)
    together = 3 * (targets.class_("ant") + targets.class_("eel"))
    np.testing.assert_allclose(maps(explainer, together), 3 * (a + b), **near)
    assert np.abs(a - b).max() > 1e-2


def test_the_gradient_of_a_probability_is_the_chain_rules(explainer, logits):
    each = np.stack([maps(explainer, k) for k in range(5)], axis=1)
    p = softmax(logits)
    slopes = p[:, [2]] * (np.eye(5)[2] - p)  # d softmax_2 / d z
    expected = np.einsum("nk,nkij->nij", slopes, each)
    got = maps(explainer, targets.probability("cat"))
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-6)


def test_probabilities_for_all_questions(model, logits):
    explainer = Explainer(model, scores="probabilities")
    for question, expected in ((1, softmax(logits)[:, 1]), (targets.top(), softmax(logits).max(1))):
        scores = [e.score for e in explainer(tiny.images(), question)]
        np.testing.assert_allclose(scores, expected, rtol=1e-4)


def balance(model, images):
    """Set the last bias so that over the images each output is as often below zero."""
    last = model.layers[-1]
    kernel, bias = last.get_weights()
    values = ops.convert_to_numpy(model(images, training=False))
    middle = np.median(values.reshape(-1, values.shape[-1]), axis=0)
    last.set_weights([kernel, bias - middle])


@pytest.mark.parametrize("head", ["sigmoid", "logits"])
def test_one_unit_is_two_sides(head):
    model = tiny.plain(head, classes=1)
    explainer = Explainer(model, labels=["sick"])
    images = tiny.images(8)
    bare = tiny.plain("logits", classes=1)
    balance(bare, images)
    model.set_weights(bare.get_weights())
    z = ops.convert_to_numpy(bare(images, training=False))[:, 0]
    assert (z > 0).any()
    assert (z < 0).any()  # both sides are tried
    positive = explainer(images, targets.binary(True))
    for e, other, usual, value in zip(
        positive, explainer(images, "not sick"), explainer(images), z, strict=True
    ):
        assert e.score == pytest.approx(value, rel=1e-4)
        assert other.score == pytest.approx(-value, rel=1e-4)
        np.testing.assert_allclose(other.map, -e.map, rtol=1e-4, atol=1e-6)
        side = e if value > 0 else other
        assert usual.target.name == ("sick" if value > 0 else "not sick")
        np.testing.assert_allclose(usual.map, side.map, rtol=1e-4, atol=1e-6)
        shares = {p.name: p.probability for p in usual.predictions}
        assert shares["sick"] == pytest.approx(1 / (1 + np.exp(-value)), rel=1e-3)
        assert usual.predictions[0].name == usual.target.name


def test_several_labels_at_once():
    model = tiny.plain("sigmoid")
    bare = tiny.plain("logits")
    bare.set_weights(model.get_weights())
    z = ops.convert_to_numpy(bare(tiny.images(), training=False))
    explainer = Explainer(model)
    found = [e.score for e in explainer(tiny.images(), targets.multi_label(threshold=0.6))]
    expected = np.where(1 / (1 + np.exp(-z)) >= 0.6, z, 0).sum(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert len(set(expected.tolist())) > 1


def segmenter(classes=3, activation="softmax"):
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1")(image)
    x = layers.Conv2D(5, 3, padding="same", activation="relu", name="conv2")(x)
    x = layers.Conv2D(classes, 1, activation=activation, name="scores")(x)
    return tiny.fixed(keras.Model(image, x))


def test_regions_of_a_segmentation():
    model, bare, images = segmenter(), segmenter(activation=None), tiny.images(side=16)
    bare.set_weights(model.get_weights())
    balance(bare, images)
    model.set_weights(bare.get_weights())
    z = ops.convert_to_numpy(bare(images))
    explainer = Explainer(model, labels=["sky", "road", "car"])
    assert explainer.layer == "conv2"  # not the scores themselves
    mask = np.zeros((16, 16), bool)
    mask[2:5, 3:9] = True
    best = z.argmax(-1)
    cases = {
        "own": (targets.region("road"), lambda n: z[n][..., 1][best[n] == 1].mean()),
        "class": ("road", lambda n: z[n][..., 1][best[n] == 1].mean()),
        "mask": (targets.region("car", mask=mask), lambda n: z[n][..., 2][mask].mean()),
        "point": (targets.region(0, point=(7, 3)), lambda n: z[n][7, 3, 0]),
    }
    for question, expected in cases.values():
        scores = [e.score for e in explainer(images, question)]
        np.testing.assert_allclose(scores, [expected(n) for n in range(3)], rtol=1e-3)
    shares = [e.predictions[0] for e in explainer(images)]
    mean = softmax(z).mean(axis=(1, 2))
    assert [p.index for p in shares] == mean.argmax(-1).tolist()
    np.testing.assert_allclose([p.probability for p in shares], mean.max(-1), rtol=1e-4)


def test_a_point_depends_on_its_neighbourhood_only():
    model, images = segmenter(), tiny.images(side=16)
    explainer = Explainer(model, layer="conv1", method="hires_cam")
    map = explainer(images, targets.region(1, point=(8, 8)))[0].map
    seen = np.zeros((16, 16), bool)
    seen[7:10, 7:10] = True  # one 3 × 3 convolution lies behind the layer
    assert np.abs(map[seen]).max() > 0
    assert np.abs(map[~seen]).max() == 0


def test_one_detection():
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(image)
    boxes = layers.Reshape((-1, 4), name="boxes")(layers.Conv2D(4, 3, strides=4)(x))
    scores = layers.Reshape((-1, 3), name="raw")(layers.Conv2D(3, 3, strides=4)(x))
    scores = layers.Activation("sigmoid", name="scores")(scores)
    model = tiny.fixed(keras.Model(image, {"boxes": boxes, "scores": scores}))
    images = tiny.images(side=16)
    z = ops.convert_to_numpy(model(images)["scores"])
    z = np.log(z / (1 - z))
    explainer = Explainer(model, labels=["ant", "bee", "cat"])
    assert explainer(images)[0].diagnostics["output"] == "scores"
    for wanted, value in (("bee", z[:, 5, 1]), (None, z[:, 5].max(-1))):
        for question in (
            targets.box(5, wanted),
            targets.output("scores", targets.box(5, wanted)),
        ):
            found = [e.score for e in explainer(images, question)]
            np.testing.assert_allclose(found, value, rtol=1e-3)
    x1 = [e.score for e in explainer(images, lambda outputs: outputs["boxes"][:, 2, 0])]
    expected = ops.convert_to_numpy(model(images)["boxes"])[:, 2, 0]
    np.testing.assert_allclose(x1, expected, rtol=1e-4)
    assert explainer(images, targets.box(5, "bee"))[0].target.name == "bee of detection 5"


def test_image_and_text_towers():
    image, words = keras.Input((16, 16, 3), name="image"), keras.Input((6,), name="words")
    x = layers.Conv2D(4, 3, activation="relu")(image)
    x = layers.Dense(5, name="image_embedding")(layers.GlobalAveragePooling2D()(x))
    y = layers.Dense(5, name="text_embedding")(words)
    model = tiny.fixed(keras.Model([image, words], [x, y]))
    inputs = (tiny.images(side=16), np.random.default_rng(0).normal(size=(3, 6)).astype("float32"))
    one, other = (ops.convert_to_numpy(v) for v in model(inputs))
    explainer = Explainer(model, output="image_embedding")
    found = [e.score for e in explainer(inputs, targets.similarity("text_embedding"))]
    np.testing.assert_allclose(
        found, [cosine(a, b) for a, b in zip(one, other, strict=True)], rtol=1e-4
    )
    first = explainer(inputs, targets.similarity(other[0]))
    assert first[0].score == pytest.approx(found[0], rel=1e-4)
    np.testing.assert_allclose(
        first[0].map, explainer(inputs, targets.similarity("text_embedding"))[0].map, rtol=1e-4
    )


def test_a_quantity_by_its_loss():
    model = tiny.plain("logits", classes=1)
    model.compile(loss="mse")
    explanation = Explainer(model)(tiny.images())[0]
    assert explanation.target.name == "value 0"
    assert explanation.predictions == ()
    expected = ops.convert_to_numpy(model(tiny.images()))[0, 0]
    assert explanation.score == pytest.approx(expected, rel=1e-4)


def test_questions_of_other_outputs_and_their_names(model):
    image = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(tiny.trunk(image))
    outputs = {
        "kind": layers.Dense(3, activation="softmax", name="a")(x),
        "age": layers.Dense(1, name="b")(x),
    }
    two = tiny.fixed(keras.Model(image, outputs))
    explainer = Explainer(two, labels=["x", "y", "z"])
    images = tiny.images()
    age = ops.convert_to_numpy(two(images)["age"])[:, 0]
    found = explainer(images, targets.output("age", targets.regression()))
    np.testing.assert_allclose([e.score for e in found], age, rtol=1e-4)
    assert found[0].target.name == "age: value 0"
    assert explainer(images, "y")[0].target.index == 1
    both = explainer(images, targets.class_("y") - targets.output("age", targets.regression()))
    expected = [e.score for e in explainer(images, "y")] - age
    np.testing.assert_allclose([e.score for e in both], expected, rtol=1e-4)
    with pytest.raises(errors.TargetError, match=r"'age'.*'kind'"):
        explainer(images, targets.output("size"))


WRONG = {
    "a length of its own": ([0, 1], "2 targets for 3 images"),
    "no such class": ("cow", "no class is called 'cow'"),
    "too high": (5, "indices 0 to 4"),
    "negative rank": (targets.top(-1), "ranks 0 to 4"),
    "two units": (targets.binary(), "5 units"),
    "region": (targets.region(0, point=(1, 1)), "no positions"),
    "embedding": (targets.similarity([1.0, 2.0]), "vector of 5"),
    "shape": (lambda outputs: outputs, r"\(4, 5\)|\(3, 5\)"),
    "scalar": (lambda outputs: ops.sum(outputs), "one score an image"),
    "kind": ({"cat": 1}, "questions? of seewhy.targets"),
    "unit": (targets.regression(7), "units 0 to 4"),
    "box": (targets.box((1, 2)), "positions of shape"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_questions(case, explainer):
    question, message = WRONG[case]
    with pytest.raises(errors.TargetError, match=message):
        explainer(tiny.images(), question)


def test_a_question_times_a_word():
    with pytest.raises(errors.TargetError, match="multiplied by a number"):
        targets.top() * "two"


def test_masks_that_fit_no_output():
    model = segmenter()
    for mask in (np.ones((8, 8), bool), np.zeros((16, 16), bool)):
        with pytest.raises(errors.TargetError, match=r"\(16, 16\)"):
            explain(model, tiny.images(side=16)[0], target=targets.region(1, mask=mask))


def test_questions_of_one_kind_are_compiled_once(explainer):
    explainer(tiny.images(), targets.margin(0, 1))
    before = len(explainer.pipeline.runner.compiled.functions)
    for a, b in ((1, 2), (3, 0), (4, 4)):
        explainer(tiny.images(), targets.margin(a, b))
    assert len(explainer.pipeline.runner.compiled.functions) == before
