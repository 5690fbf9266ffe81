"""Maps by principal components of the activations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from keras import ops
from keras.backend import backend

from seewhy.methods.registry import Method, all_methods, method
from seewhy.methods.tensors import divide, space

Tensor = Any

FAMILY = "class activation"

# Positions whose kernel matrix is still small enough to decompose.
POSITIONS = 4096
# Of a matrix, until no other eigenvalue is left that float32 could tell from the largest.
SQUARINGS = 24


@method(
    "eigen_cam",
    paper="Muhammad and Yeasin 2020, arXiv:2008.00299, eq. 3, centred over positions",
    family=FAMILY,
    use="What the layer responds to at all, whatever the class.",
    avoid="To ask about a class: it knows none.",
)
def eigen_cam(activations: Tensor) -> Tensor:
    """The first principal component of the activations.

    activations: (batch, *space, units). Returns signed maps (batch, *space): the positions'
    coordinates along the direction of most variance, signed so that the largest is positive.
    """
    return first_component(activations)


@method(
    "eigen_grad_cam",
    paper="Muhammad and Yeasin 2020, arXiv:2008.00299, on gradient times activation",
    family=FAMILY,
    use="A class-specific map with less noise than gradient times activation.",
    avoid="To compare signs: a component has none of its own.",
)
def eigen_grad_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """The first principal component of gradient times activation.

    activations, gradients: (batch, *space, units). Returns signed maps (batch, *space), signed so
    that the largest value is positive.
    """
    return first_component(activations * gradients)


@method(
    "seg_eigen_cam",
    paper="Chung and Ying 2025, Applied Sciences 15(13), 7562, eq. 10 to 13",
    family=FAMILY,
    use="Segmentation: with targets.region.",
    avoid="To compare signs: gradients lose theirs.",
)
def seg_eigen_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """The first principal component of the activations times the size of their gradients.

    activations, gradients: (batch, *space, units). Returns signed maps (batch, *space), signed so
    that the largest absolute value is positive.
    """
    return first_component(activations * ops.abs(gradients))


@method(
    "kpca_cam",
    paper="Karmani et al. 2024, 'KPCA-CAM', arXiv:2410.00267, sigmoid kernel",
    family=FAMILY,
    use="As Eigen-CAM, where a straight line through the activations is too simple.",
    avoid="Fine grids: it decomposes a matrix of positions × positions.",
)
def kpca_cam(activations: Tensor, *, kernel: str = "sigmoid", gamma: float = 0.0) -> Tensor:
    """The first principal component of the activations in the space of a kernel.

    activations: (batch, *space, units). kernel: "sigmoid" (tanh(gamma x·y + 1)) or "rbf"
    (exp(-gamma |x - y|²)). gamma: 0 stands for one divided by the number of units.
    Returns signed maps (batch, *space), signed so that the largest absolute value is positive.
    """
    from seewhy.errors import MethodError

    if kernel not in ("sigmoid", "rbf"):
        raise MethodError(f"the kernel is sigmoid or rbf; got {kernel!r}.")
    sides = tuple(int(activations.shape[axis]) for axis in space(activations))
    count = int(np.prod(sides))
    if count > POSITIONS:
        raise MethodError(
            f"kpca_cam decomposes a matrix of all positions, and {count} are too many. Choose a "
            f"later layer, or eigen_cam."
        )
    flat = ops.reshape(activations, (activations.shape[0], count, activations.shape[-1]))
    flat = flat - ops.mean(flat, axis=1, keepdims=True)
    factor = gamma or 1 / activations.shape[-1]
    inner = ops.matmul(flat, ops.transpose(flat, (0, 2, 1)))
    if kernel == "sigmoid":
        gram = ops.tanh(factor * inner + 1)
    else:
        squares = ops.sum(flat * flat, axis=-1)
        gram = ops.exp(-factor * (squares[:, :, None] + squares[:, None, :] - 2 * inner))
    rows = ops.mean(gram, axis=1, keepdims=True)
    cols = ops.mean(gram, axis=2, keepdims=True)
    centred = gram - rows - cols + ops.mean(gram, axis=(1, 2), keepdims=True)
    size, vector = _leading(centred)
    return ops.reshape(_signed(vector * ops.sqrt(ops.relu(size))), (-1, *sides))


@method(
    "fem",
    paper="Fuad et al. 2020, 'Features understanding in 3D CNNs', IPTA, the k-sigma rule",
    units=True,
    family=FAMILY,
    use="What the layer finds rare and strong, whatever the class.",
    avoid="To ask about a class: it knows none.",
)
def fem(activations: Tensor, *, sigmas: float = 2.0) -> Tensor:
    """Weigh each unit by how often it is far above its own mean.

    activations: (batch, *space, units). sigmas: how many standard deviations are far.
    Returns signed maps (batch, *space).
    """
    axes = space(activations)
    mean = ops.mean(activations, axis=axes, keepdims=True)
    limit = mean + sigmas * ops.std(activations, axis=axes, keepdims=True)
    weights = ops.mean(ops.cast(activations > limit, "float32"), axis=axes, keepdims=True)
    return weights * activations


def eigen_smoothed(entry: Method) -> Method:
    """The method with the first principal component of what units add, in place of their sum.

    Raises MethodError for a method whose map is no sum over units.
    """
    from seewhy.errors import MethodError

    per_unit = entry.per_unit
    if per_unit is None:
        able = ", ".join(method.name for method in all_methods() if method.per_unit)
        raise MethodError(
            f"eigen smoothing takes what each unit adds, and {entry.name} does not add up units. "
            f"Methods that do: {able}."
        )

    def weigh(*evidence: Tensor) -> Any:
        parts = per_unit(*evidence)
        if isinstance(parts, tuple):
            return (first_component(parts[0]), *parts[1:])
        return first_component(parts)

    return replace(entry, weigh=weigh)


def first_component(values: Tensor) -> Tensor:
    """Coordinates of positions along the first principal component, (batch, *space)."""
    sides = tuple(int(values.shape[axis]) for axis in space(values))
    count, units = int(np.prod(sides)), int(values.shape[-1])
    flat = ops.reshape(values, (values.shape[0], count, units))
    flat = flat - ops.mean(flat, axis=1, keepdims=True)
    turned = ops.transpose(flat, (0, 2, 1))
    # the smaller of the two matrices that have the same components
    if units <= count:
        direction = _leading(ops.matmul(turned, flat))[1]
        along = ops.matmul(flat, ops.expand_dims(direction, -1))[:, :, 0]
    else:
        size, vector = _leading(ops.matmul(flat, turned))
        along = vector * ops.sqrt(ops.relu(size))
    return ops.reshape(_signed(along), (-1, *sides))


def _leading(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """The largest eigenvalue (batch, 1) of symmetric matrices, and its eigenvector (batch, n)."""
    if backend() != "openvino":
        values, vectors = ops.linalg.eigh(matrices)
        return values[:, -1:], vectors[:, :, -1]
    return _by_squaring(matrices)


def _by_squaring(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """The same without `eigh`, which Keras does on OpenVINO by one rotation after the other.

    Squared again and again, a matrix comes to project onto the eigenvector of its largest
    eigenvalue, if none is negative.
    """
    count = matrices.shape[-1]
    identity = ops.eye(count, dtype="float32")
    # no eigenvalue is below minus the norm
    norm = ops.sqrt(ops.sum(matrices * matrices, axis=(1, 2), keepdims=True))
    power = matrices + norm * identity
    for _ in range(SQUARINGS):
        power = divide(power, ops.sum(power * identity, axis=(1, 2), keepdims=True))
        power = ops.matmul(power, power)
    largest = ops.argmax(ops.sum(power * identity, axis=-1), axis=-1)
    vector = ops.expand_dims(ops.one_hot(largest, count, dtype="float32"), -1)
    for matrix in (power, matrices, matrices):  # the matrix itself takes rounding errors away
        vector = ops.matmul(matrix, vector)
        vector = divide(vector, ops.sqrt(ops.sum(vector * vector, axis=1, keepdims=True)))
    size = ops.sum(vector * ops.matmul(matrices, vector), axis=1)
    return size, vector[:, :, 0]


def _signed(along: Tensor) -> Tensor:
    """A component, whose sign is arbitrary, with its largest absolute value positive."""
    most, least = ops.max(along, axis=-1, keepdims=True), ops.min(along, axis=-1, keepdims=True)
    return ops.where(most >= -least, along, -along)
