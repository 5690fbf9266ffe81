"""Slow references of class activation maps."""

from __future__ import annotations

import numpy as np


def grad_cam(world):
    """Selvaraju et al. 2017, eq. 1 and 2 without the ReLU."""
    maps = np.zeros(world.activations.shape[:3])
    for n, i, j, k in np.ndindex(world.activations.shape):
        importance = world.gradients[n, :, :, k].mean()
        maps[n, i, j] += importance * world.activations[n, i, j, k]
    return maps


def hires_cam(world):
    """Draelos and Carin 2020, eq. 4."""
    maps = np.zeros(world.activations.shape[:3])
    for n, i, j, k in np.ndindex(world.activations.shape):
        maps[n, i, j] += world.gradients[n, i, j, k] * world.activations[n, i, j, k]
    return maps


def cam(world):
    """Zhou et al. 2016, eq. 2; NaN where the gradient says that the head is another."""
    maps = np.zeros(world.activations.shape[:3])
    positions = world.activations[0, :, :, 0].size
    for n, k in np.ndindex(len(maps), world.activations.shape[-1]):
        own = world.gradients[n, :, :, k]
        if np.ptp(own) > 1e-4 * np.abs(world.gradients[n]).max():
            maps[n] = np.nan
        maps[n] += positions * own.mean() * world.activations[n, :, :, k]
    return maps


def grad_cam_elementwise(world):
    """Pillai and Pirsiavash 2021."""
    maps = np.zeros(world.activations.shape[:3])
    for n, i, j, k in np.ndindex(world.activations.shape):
        maps[n, i, j] += max(0, world.gradients[n, i, j, k] * world.activations[n, i, j, k])
    return maps


def _plus_plus(activations, first, second, third):
    maps = np.zeros(activations.shape[:3])
    for n, k in np.ndindex(len(maps), activations.shape[-1]):
        total, weight = activations[n, :, :, k].sum(), 0.0
        for i, j in np.ndindex(activations.shape[1:3]):
            twice, rest = 2 * second[n, i, j, k], total * third[n, i, j, k]
            below = twice + rest
            if first[n, i, j, k] > 0:  # near the pole it is rounding that is compared
                assert abs(below) >= 1e-2 * (twice + abs(rest)), "near a pole: take another seed"
            alpha = second[n, i, j, k] / below if below else 0.0
            weight += alpha * max(0, first[n, i, j, k])
        maps[n] += weight * activations[n, :, :, k]
    return maps


def grad_cam_plus_plus(world):
    """Chattopadhay et al. 2018, eq. 10 and 19, without the factor exp(score)."""
    g = world.gradients
    return _plus_plus(world.activations, g, g**2, g**3)


def smooth_grad_cam_plus_plus(world, samples, noise, seed):
    """Omeiza et al. 2019: the powers of the gradient averaged over noisy images."""
    means = [np.zeros(world.activations.shape) for _ in range(3)]
    span = np.ptp(world.images, axis=(1, 2, 3), keepdims=True)
    for sample in range(samples):
        random = np.random.default_rng([seed, sample])
        drawn = random.standard_normal((1, *world.images.shape[1:]), "float32")
        _, g = world.evidence((world.images + drawn * noise * span).astype("float32"))
        for mean, power in zip(means, (1, 2, 3), strict=True):
            mean += g**power / samples
    return _plus_plus(world.activations, *means)


def xgrad_cam(world):
    """Fu et al. 2020: gradients averaged with the activations for weights."""
    maps = np.zeros(world.activations.shape[:3])
    for n, k in np.ndindex(len(maps), world.activations.shape[-1]):
        own = world.activations[n, :, :, k]
        if own.sum():
            maps[n] += (own * world.gradients[n, :, :, k]).sum() / own.sum() * own
    return maps


def layer_cam(world):
    """Jiang et al. 2021, eq. 5 to 7 without the ReLU."""
    maps = np.zeros(world.activations.shape[:3])
    for n, i, j, k in np.ndindex(world.activations.shape):
        maps[n, i, j] += max(0, world.gradients[n, i, j, k]) * world.activations[n, i, j, k]
    return maps


def shapley_cam(world):
    """Cai 2025; logits of ReLU nets do not curve, a probability does in test_methods."""
    curvature = np.zeros(world.gradients.shape)
    maps = np.zeros(world.activations.shape[:3])
    for n, k in np.ndindex(len(maps), world.activations.shape[-1]):
        weight = (world.gradients[n, :, :, k] - curvature[n, :, :, k] / 2).mean()
        maps[n] += weight * world.activations[n, :, :, k]
    return maps


def finer_cam(world, alpha, nearest):
    """Zhang et al. 2025: Grad-CAM of the score less that of the nearest classes."""
    maps = np.zeros(world.activations.shape[:3])
    scores = world.scores(world.activations)
    each = [world.gradients_of(world.activations, k) for k in range(scores.shape[1])]
    for n in range(len(maps)):
        distance = np.abs(scores[n] - scores[n, world.target])
        others = [k for k in np.argsort(distance) if k != world.target][:nearest]
        g = each[world.target][n] - alpha * np.mean([each[k][n] for k in others], axis=0)
        for k in range(g.shape[-1]):
            maps[n] += g[:, :, k].mean() * world.activations[n, :, :, k]
    return maps


def random_cam(world, seed):
    weights = np.random.default_rng(seed).uniform(-1, 1, world.activations.shape[-1])
    return world.activations @ weights


def _component(values):
    """The first principal component by a singular value decomposition; its peak is positive."""
    maps = []
    for own in values:
        flat = own.reshape(-1, own.shape[-1])
        flat = flat - flat.mean(axis=0)
        along = flat @ np.linalg.svd(flat)[2][0]
        along *= np.sign(along[np.abs(along).argmax()])
        maps.append(along.reshape(own.shape[:2]))
    return np.stack(maps)


def eigen_cam(world):
    return _component(world.activations)


def eigen_grad_cam(world):
    return _component(world.activations * world.gradients)


def seg_eigen_cam(world):
    return _component(world.activations * np.abs(world.gradients))


def kpca_cam(world, kernel, gamma):
    """Kernel principal components, with the kernel written out."""
    maps = []
    for own in world.activations:
        flat = own.reshape(-1, own.shape[-1])
        flat = flat - flat.mean(axis=0)
        factor, count = gamma or 1 / flat.shape[1], len(flat)
        gram = np.zeros((count, count))
        for i, x in enumerate(flat):
            if kernel == "sigmoid":
                gram[i] = np.tanh(factor * flat @ x + 1)
            else:
                gram[i] = np.exp(-factor * ((flat - x) ** 2).sum(axis=1))
        middle = np.eye(count) - 1 / count
        sizes, vectors = np.linalg.eigh(middle @ gram @ middle)
        along = vectors[:, -1] * np.sqrt(sizes[-1])
        along *= np.sign(along[np.abs(along).argmax()])
        maps.append(along.reshape(own.shape[:2]))
    return np.stack(maps)


def fem(world, sigmas):
    """Fuad et al. 2020: how often a unit is over its mean by so many standard deviations."""
    maps = np.zeros(world.activations.shape[:3])
    for n, k in np.ndindex(len(maps), world.activations.shape[-1]):
        own = world.activations[n, :, :, k]
        maps[n] += (own > own.mean() + sigmas * own.std()).mean() * own
    return maps


METHODS = (
    *(grad_cam, cam, hires_cam, grad_cam_elementwise, grad_cam_plus_plus),
    *(smooth_grad_cam_plus_plus, xgrad_cam, layer_cam, shapley_cam, finer_cam, random_cam),
    *(eigen_cam, eigen_grad_cam, seg_eigen_cam, kpca_cam, fem),
)
REFERENCES = {method.__name__: method for method in METHODS}
