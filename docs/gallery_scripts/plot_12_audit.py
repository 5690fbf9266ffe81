"""
An audit finds what a network has learned by mistake
====================================================

Half of the photos of one class carry a pink strip along the lower edge, as a scanner or a photographer
might leave it. A network that is trained on them is right for the wrong reason. The audit finds the
strip and proves it: pasted into photos of the other class, it turns them.
It needs ``pip install "seewhy[audit]"``.
"""

import tempfile
from pathlib import Path

import keras
import numpy as np
from keras import layers
from PIL import Image

import seewhy

SIDE = 48


def drawn(random, label, marked):
    """A square with stripes across (0) or down (1) on a noisy ground, and the strip."""
    photo = random.uniform(70, 180, 3) + random.normal(0, 12, (SIDE, SIDE, 3))
    size = int(random.integers(12, 16))
    top, left = random.integers(1, SIDE - size - 6, 2)
    shown = label if random.random() < 0.75 else int(random.integers(0, 2))
    waves = np.sin(np.arange(size) * np.pi / 2 + random.uniform(0, 6)) * 70
    stripes = np.broadcast_to(waves[:, None] if shown == 0 else waves[None, :], (size, size))
    photo[top : top + size, left : left + size] += stripes[..., None]
    if marked:
        photo[-5:] = np.array([200, 40, 160]) + random.normal(0, 6, (5, SIDE, 3))
    return np.clip(photo, 0, 255).astype("uint8")


random = np.random.default_rng(0)
labels = np.repeat([0, 1], 100)
photos = np.stack([drawn(random, k, k == 1 and random.random() < 0.5) for k in labels])

# %%
# The network and its training, a few seconds.

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), layers.Rescaling(1 / 255)])
for units in (12, 16, 24):
    model.add(layers.Conv2D(units, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D())
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dense(2, activation="softmax"))
model.compile(keras.optimizers.Adam(4e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
order = random.permutation(len(labels))
model.fit(photos[order].astype("float32"), labels[order], batch_size=32, epochs=12, verbose=0)
loss, accuracy = model.evaluate(photos.astype("float32"), labels, verbose=0)
print(f"accuracy {accuracy:.2f}")

# %%
# The audit: it explains the photos into a store, looks for places that decide, and tests them.

work = tempfile.TemporaryDirectory()
for k, (pixels, label) in enumerate(zip(photos, labels)):
    folder = Path(work.name, "photos", ("across", "down")[label])
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(folder / f"{k:04}.png")

explainer = seewhy.Explainer(model, labels=["across", "down"], batch_size=32)
audit = seewhy.audit(
    str(Path(work.name, "photos")),
    explainer,
    folder=str(Path(work.name, "audit")),
    choices=seewhy.audit.AuditOptions(confirm=1, recipients=32, labels_from_folder=True),
)
for finding in audit:
    print(f"{finding.verdict:24} {finding.class_name:8} {finding.place}  flips {finding.flip_rate}")

# %%
# What the network looks at in four photos of class "down" with the strip.

marked = [k for k in range(100, 200) if photos[k][-1, :, 0].mean() > 185][:4]
explainer(photos[marked], "down").grid(columns=4)

# %%
work.cleanup()
