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

volumes = random.normal(0, 0.3, (120, 16, 16, 16, 1)).astype("float32")
has = np.arange(120) % 2
for volume in volumes[has == 1]:
    z, y, x = random.integers(0, 11, 3)
    volume[z : z + 5, y : y + 5, x : x + 5] += 1.5
solid = keras.Sequential(
    [
        keras.Input((16, 16, 16, 1)),
        layers.Conv3D(6, 3, padding="same", activation="relu"),
        layers.MaxPooling3D(2),
        layers.Conv3D(8, 3, padding="same", activation="relu"),
        layers.GlobalMaxPooling3D(),
        layers.Dense(2, activation="softmax"),
    ]
)
solid.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"])
solid.fit(volumes, has, batch_size=20, epochs=10, verbose=0)
found = seewhy.explain(solid, volumes[1], target=1, labels=["nothing", "something"])
print(found.map.shape)
found.overlay()
