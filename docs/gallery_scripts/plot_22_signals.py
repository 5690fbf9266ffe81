"""
Signals and volumes
===================

A map has the axes of what the network looks at: steps for a signal, depth, rows and columns for a
volume. Here a small network finds a beat of a certain shape in a noisy signal.
"""

import keras
import numpy as np
from keras import layers

import seewhy

random = np.random.default_rng(0)
BEAT = np.sin(np.linspace(0, 4 * np.pi, 24)) * np.hanning(24) * 3


def draw(with_beat):
    signal = random.normal(0, 0.5, 256)
    start = int(random.integers(10, 220))
    signal[start : start + 24] += BEAT if with_beat else np.abs(BEAT)
    return signal.astype("float32"), start


labels = random.integers(0, 2, 300)
signals = np.stack([draw(label)[0] for label in labels])[..., None]
keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((256, 1)),
        layers.Conv1D(12, 9, padding="same", activation="relu"),
        layers.MaxPooling1D(4),
        layers.Conv1D(16, 5, padding="same", activation="relu"),
        layers.GlobalAveragePooling1D(),
        layers.Dense(2, activation="softmax"),
    ]
)
model.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(signals, labels, batch_size=32, epochs=12, verbose=0)
print("accuracy", round(model.evaluate(signals, labels, verbose=0)[1], 3))

# %%
signal, start = draw(True)
explanation = seewhy.explain(model, signal[:, None], target=1, labels=["bump", "beat"])
print("the beat begins at step", start, "and is 24 long; the map:", explanation.map.shape)
explanation.overlay()

# %%
# A volume: the map has depth, too, and the picture shows its slices.

volumes = random.normal(0, 0.3, (160, 16, 16, 16, 1)).astype("float32")
has = np.arange(160) % 2
places = random.integers(1, 10, (160, 3))
for k in np.flatnonzero(has):
    z, y, x = places[k]
    volumes[k, z : z + 5, y : y + 5, x : x + 5] += 2
keras.utils.set_random_seed(1)
solid = keras.Sequential(
    [
        keras.Input((16, 16, 16, 1)),
        layers.Conv3D(6, 3, activation="relu"),
        layers.MaxPooling3D(2),
        layers.Conv3D(8, 3, activation="relu"),
        layers.GlobalAveragePooling3D(),
        layers.Dense(2, activation="softmax"),
    ]
)
solid.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
solid.fit(volumes, has, batch_size=20, epochs=15, verbose=0)
print("accuracy", round(solid.evaluate(volumes, has, verbose=0)[1], 3))
found = seewhy.explain(solid, volumes[1], target=1, labels=["nothing", "something"])
print("the cube begins at", places[1].tolist(), "and has a side of 5; the map:", found.map.shape)
hottest = np.unravel_index(found.map_on_input.argmax(), found.map_on_input.shape)
print("hottest cell of the map:", [int(k) for k in hottest])
found.overlay()
