"""Weights, optimiser, random state and metrics are bit-identical with and without Watch."""

from __future__ import annotations

import random
from itertools import pairwise

import keras
import numpy as np
import pytest
from keras import layers, ops

from seewhy.callbacks import Watch


@keras.saving.register_keras_serializable("tests")
class NoisyAtInference(layers.Layer):
    """Draws from its seed generator whenever it is called, in training or not."""

    def __init__(self, **named):
        super().__init__(**named)
        self.seeds = keras.random.SeedGenerator(7)

    def call(self, x):
        return x + 0.01 * keras.random.normal(ops.shape(x), seed=self.seeds)


def network(noisy: bool) -> keras.Model:
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(6, 3, padding="same")(image)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.Dropout(0.3)(x)
    x = NoisyAtInference()(x) if noisy else x
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="last")(x)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, layers.Dense(3, activation="softmax")(x))
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def trained(callbacks, noisy: bool = False):
    """What a user could notice after three epochs, with shuffled data and validation."""
    keras.utils.set_random_seed(3)
    model = network(noisy)
    numbers = np.random.default_rng(0)
    x = numbers.normal(size=(48, 16, 16, 3)).astype("float32")
    y = numbers.integers(0, 3, 48)
    history = model.fit(
        x, y, batch_size=16, epochs=3, validation_split=0.25, verbose=0, callbacks=callbacks
    ).history
    own = {name: values for name, values in history.items() if not name.startswith("seewhy_")}
    state = [ops.convert_to_numpy(v) for v in (*model.variables, *model.optimizer.variables)]
    metrics = [ops.convert_to_numpy(v) for m in model.metrics for v in m.variables]
    after = (random.random(), np.random.random(), model.optimizer.iterations.numpy().item())  # noqa: NPY002
    drawn = ops.convert_to_numpy(keras.random.normal((4,)))
    flags = [(v.path.split("/")[-1], v.trainable) for v in model.variables]
    return own, state, metrics, after, drawn, flags


@pytest.mark.parametrize("noisy", [False, True])
def test_a_training_is_the_same_to_the_bit(noisy):
    alone = trained([], noisy)
    photos = np.random.default_rng(5).normal(size=(5, 16, 16, 3)).astype("float32")
    sent = []
    watch = Watch((photos, [0, 1, 2, 0, 1]), to=lambda *row: sent.append(row), prepared=True)
    watched = trained([watch], noisy)
    np.testing.assert_equal(watched, alone)
    assert watch.epochs == [0, 1, 2, 3]
    assert len(sent) == 4 * 5 + 5


def draws(pixels):
    """Preprocessing of a user's, which draws random numbers."""
    return pixels / 255 + random.random() + np.random.random()  # noqa: NPY002


def test_functions_of_users_may_draw_random_numbers():
    photos = (np.random.default_rng(5).random((3, 16, 16, 3)) * 255).astype("uint8")
    watch = Watch((photos, [0, 1, 2]), preprocess=draws)
    np.testing.assert_equal(trained([watch]), trained([]))


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")
def test_the_maps_are_those_of_the_weights_at_each_epochs_end():
    import seewhy

    class After(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            explainer = seewhy.Explainer(self.model, prepared=True)
            found.append([each.map for each in explainer(photos, targets=[0, 1, 2])])

    found = []
    photos = np.random.default_rng(5).normal(size=(3, 16, 16, 3)).astype("float32")
    watch = Watch(photos, [0, 1, 2], prepared=True)
    trained([watch, After()])
    for k, kept in enumerate(watch.explanations.values()):
        for epoch, explanation in zip(watch.epochs, kept, strict=True):
            if epoch:
                expected = found[epoch - 1][k]
                np.testing.assert_allclose(explanation.map, expected, atol=1e-5 * expected.max())
    maps = [each.map for each in next(iter(watch.explanations.values()))]
    assert all(np.abs(one - other).max() > 0 for one, other in pairwise(maps))
