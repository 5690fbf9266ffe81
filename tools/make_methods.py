"""Write docs/methods.md from the registry: python tools/make_methods.py"""

from __future__ import annotations

from pathlib import Path

from seewhy import methods
from seewhy.methods.needs import NEEDS
from seewhy.methods.registry import FAMILIES, Method

PAGE = Path(__file__).parent.parent / "docs" / "methods.md"

HEAD = """# The methods

Written from the registry by `python tools/make_methods.py`;
`seewhy methods --verbose` prints the same.
Costs count forward passes of the network for one question about one image; what they come to in
seconds stands in [costs.md](costs.md). Every method equals a slow reference written from its
paper (`tests/helpers/references*.py`) on TensorFlow, JAX and torch.

Names are found in any spelling and by what papers and other packages call them ("gradcam++", "ig",
"saliency"). Options stand with the name, as in `rise:masks=500`, in a pair `("rise", {"masks":
500})`, or in `options=`; all mean the same wherever a method is taken.

A method is a function whose positional parameters name the evidence that it needs and whose
keyword-only parameters are its options, so your own goes in as `method=`:

```python
import numpy as np
import seewhy
from keras import ops


def positive_gradients(activations, gradients, *, power=1.0):
    return ops.sum(activations * ops.relu(gradients) ** power, axis=-1)


image = np.random.default_rng(0).normal(size=(224, 224, 3)).astype("float32")
explanation = seewhy.explain(
    "efficientnet-lite0", image, method=positive_gradients, options={"power": 0.5}
)
```

## Around any method

- **Several layers**: their maps put together, scaled, on the finest grid: the mean, the largest, or
  the product (layers that confirm each other, as in RefineCAM). `--layer A --layer B --fuse max`,
  `layer=["A", "B"], fuse="max"`.
- **Flips**: the mean over the image and its mirror image, each also lighter and darker, for 7
  passes. `--enhance flips`, `enhance="flips"`.
- **Noise**: the mean over noisy copies, as SmoothGrad. `--enhance noise:samples=8,deviation=0.1`,
  `enhance=seewhy.enhance.Noisy(samples=8)`.
- **Scales**: windows of the enlarged photo, each counting by its score, for finer maps (SESS,
  Tursun et al. 2022, arXiv:2207.01769). `--enhance scales`, `enhance="scales"`.
- **Eigen**: the first principal component of what units add in place of their sum: less noise, but
  the sign is lost. `--enhance eigen`, `enhance="eigen"`.
- **Guided upsampling**: the heatmap follows the edges of the photo (guided filter, He et al. 2010).
  `--upsampling guided`, `upsampling="guided"`.

Several enhancements go one after the other. Grad-CAM smoothed by eigen is what pip's grad-cam calls
`eigen_smooth`; its `aug_smooth` are the flips.

## Evidence

| evidence | what it is |
|---|---|
"""


def text() -> str:
    """The page."""
    lines = [f"| `{name}` | {need.about} |" for name, need in NEEDS.items()]
    parts = [HEAD + "\n".join(lines)]
    known = methods.all_methods()
    for family in FAMILIES:
        own = [entry for entry in known if entry.family == family]
        if own:
            parts += [f"## Family: {family}", *map(_section, own)]
    return "\n\n".join(parts) + "\n"


def _section(entry: Method) -> str:
    options = ", ".join(f"`{name}={value!r}`" for name, value in entry.options.items())
    rows = {
        "needs": ", ".join(f"`{need}`" for need in entry.needs),
        "cost": entry.cost,
        "options": options,
        "paper": entry.paper,
        "use": entry.use,
        "avoid": entry.avoid,
    }
    told = "\n".join(f"- {name}: {value}" for name, value in rows.items() if value)
    return f"### {entry.name}\n\n{entry.summary}\n\n{told}"


if __name__ == "__main__":
    PAGE.write_text(text())
