"""Batches of arrays that need no work for each image before they go into the network."""

from __future__ import annotations

from typing import Any

import numpy as np

from seewhy.explainer.pipeline import Pipeline
from seewhy.images.arrays import shown_channels
from seewhy.models.array_values import cast
from seewhy.models.prepare import FLOATS
from seewhy.models.samples import as_numpy, is_array
from seewhy.results.maps_record import bits_of


def pixel_batch(images: Any, pipeline: Pipeline) -> np.ndarray | None:
    """A batch of photos of the network's own size, uint8 (n, height, width, 3); None for others.

    Such photos are what `prepare.prepare` would make of them, whatever the fit.
    """
    wrapped = pipeline.wrapped
    if len(wrapped.inputs) != 1 or not is_array(images) or not wrapped.takes_photos(0):
        return None
    batch = as_numpy(images)
    if batch.dtype != np.uint8 or batch.ndim != 4 or batch.shape[-1] != 3 or not len(batch):
        return None
    entry = wrapped.inputs[0]
    if entry.dtype not in ("uint8", *FLOATS):  # whole numbers that are not pixels go in as they are
        return None
    declared = entry.shape[1:] if wrapped.channels_first else entry.shape[:-1]
    usual = batch.shape[1:3] if wrapped.resizes else wrapped.size or entry.seen
    size = tuple(side or (usual[k] if usual else None) for k, side in enumerate(declared))
    return batch if batch.shape[1:3] == size else None


def prepared_batch(images: Any, pipeline: Pipeline) -> np.ndarray | None:
    """A batch of float arrays in the model's own shape, said to be preprocessed; None for others.

    Where nobody said so, each array is looked at by itself, for its range may be unlikely.
    """
    wrapped = pipeline.wrapped
    if len(wrapped.inputs) != 1 or not is_array(images) or not pipeline.fit_options.prepared:
        return None
    batch, entry = as_numpy(images), wrapped.inputs[0]
    if "float" not in entry.dtype:  # a batch of bytes would be taken for photos
        return None
    fits = batch.ndim == len(entry.shape) + 1 and all(
        declared in (None, side)
        for declared, side in zip(entry.shape, batch.shape[1:], strict=True)
    )
    if not fits or not len(batch) or not np.issubdtype(batch.dtype, np.floating):
        return None
    return cast(batch, entry)


def bits_of_batch(batch: np.ndarray, pipeline: Pipeline) -> int:
    """Of what must be known of each image of such a batch; see `results.maps_record.CODES`."""
    wrapped = pipeline.wrapped
    if batch.dtype == np.uint8 or wrapped.inputs[0].rank != 2:
        return 0
    channels = batch.shape[1 if wrapped.channels_first else -1]
    return bits_of(shown_channels(channels, pipeline.fit_options.bands)[1])
