"""Slow references of methods at the input."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from PIL import Image


def gradient_input(world):
    """Shrikumar et al. 2016: image times gradient."""
    maps = np.zeros(world.images.shape[:3])
    for c in range(world.images.shape[-1]):
        maps += world.images[..., c] * world.image_gradients[..., c]
    return maps


def integration_points(images, steps, baseline=0.0) -> Iterator[np.ndarray]:
    """Where the midpoint rule takes gradients on the way from the baseline to the images."""
    for step in range(steps):
        along = (step + 0.5) / steps
        yield (baseline + along * (images - baseline)).astype("float32")


def integrated_gradients(world, steps, baseline):
    """Sundararajan et al. 2017, eq. 1 by the midpoint rule."""
    mean = np.zeros(world.images.shape)
    for point in integration_points(world.images, steps, baseline):
        mean += world.gradients_at(point) / steps
    return ((world.images - baseline) * mean).sum(axis=-1)


def gradient(world):
    """Simonyan et al. 2013, summed over channels with its sign."""
    return world.image_gradients.sum(axis=-1)


def noisy_copies(images, samples, noise, seed) -> Iterator[np.ndarray]:
    """The images under noise in shares of each image's range."""
    span = np.ptp(images, axis=(1, 2, 3), keepdims=True)
    for sample in range(samples):
        random = np.random.default_rng([seed, sample])
        drawn = random.standard_normal((1, *images.shape[1:]), "float32")
        yield (images + drawn * noise * span).astype("float32")


def _noisy(world, samples, noise, seed):
    """Gradients at noisy copies of the images, one after the other."""
    for copies in noisy_copies(world.images, samples, noise, seed):
        yield world.gradients_at(copies)


def smooth_grad(world, samples, noise, seed):
    """Smilkov et al. 2017."""
    return np.mean(list(_noisy(world, samples, noise, seed)), axis=0).sum(axis=-1)


def square_grad(world, samples, noise, seed):
    """Hooker et al. 2019."""
    return np.mean([g**2 for g in _noisy(world, samples, noise, seed)], axis=0).sum(axis=-1)


def var_grad(world, samples, noise, seed):
    """Adebayo et al. 2018."""
    return np.var(list(_noisy(world, samples, noise, seed)), axis=0).sum(axis=-1)


def expected_gradients(world, samples, noise, seed):
    """Erion et al. 2021, with noise around each image's mean for baselines."""
    along = np.random.default_rng(seed).random(samples, "float32")
    span = np.ptp(world.images, axis=(1, 2, 3), keepdims=True)
    mean = world.images.mean(axis=(1, 2, 3), keepdims=True)
    total = 0
    for sample in range(samples):
        random = np.random.default_rng([seed, sample])
        drawn = random.standard_normal((1, *world.images.shape[1:]), "float32")
        baseline = mean + drawn * noise * span
        point = baseline + along[sample] * (world.images - baseline)
        total += (world.images - baseline) * world.gradients_at(point.astype("float32"))
    return total.sum(axis=-1) / samples


def _blurred(images, share):
    """Gaussian blur along rows and columns, with weights that sum to 1 at each place."""
    for axis in (1, 2):
        side = images.shape[axis]
        done = np.zeros(images.shape)
        for i in range(side):
            apart = (np.arange(side) - i) / max(share * side, 0.01)
            weights = np.exp(-(apart**2) / 2)
            place = (slice(None),) * axis + (i,)
            done[place] = np.tensordot(images, weights / weights.sum(), axes=(axis, 0))
        images = done
    return images


def blur_ig(world, steps, width):
    """Xu et al. 2020: gradients times steps along the path of less and less blur."""
    edges = np.linspace(width, 0, steps + 1)
    total = 0
    for one, other in pairwise(edges):
        g = world.gradients_at(_blurred(world.images, (one + other) / 2).astype("float32"))
        total += g * (_blurred(world.images, other) - _blurred(world.images, one))
    return total.sum(axis=-1)


def guided_backprop(world):
    """Springenberg et al. 2014, each layer pulled back by hand."""
    return world.pulled_back(gated=True).sum(axis=-1)


def deconvnet(world):
    """Zeiler and Fergus 2014, each layer pulled back by hand."""
    return world.pulled_back(gated=False).sum(axis=-1)


def guided_grad_cam(world):
    """Selvaraju et al. 2017, section 3.2."""
    maps = np.zeros(world.images.shape[:3])
    for n in range(len(maps)):
        coarse = np.maximum(world.activations[n] @ world.gradients[n].mean(axis=(0, 1)), 0)
        large = Image.fromarray(coarse.astype("float32")).resize(
            maps.shape[:0:-1], Image.Resampling.BILINEAR
        )
        maps[n] = np.asarray(large) * guided_backprop(world)[n]
    return maps


METHODS = (
    *(gradient, gradient_input, smooth_grad, square_grad, var_grad),
    *(integrated_gradients, expected_gradients, blur_ig),
    *(guided_backprop, deconvnet, guided_grad_cam),
)
REFERENCES = {method.__name__: method for method in METHODS}
