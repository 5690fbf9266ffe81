"""Records that hold arrays are equal to themselves only: arrays have no one answer."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil

import numpy as np
import pytest

from seewhy import datasets, images, results
from seewhy.images.photo import Photo
from seewhy.studies import debug_report

pytestmark = pytest.mark.framework_free


def records():
    modules = [debug_report]
    for package in (results, images, datasets):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            modules.append(importlib.import_module(found.name))
    for module in modules:
        for each in vars(module).values():
            if dataclasses.is_dataclass(each) and each.__module__ == module.__name__:
                yield each


def test_none_compares_its_arrays():
    holders = [
        each
        for each in records()
        if any("ndarray" in str(part.type) for part in dataclasses.fields(each) if part.compare)
    ]
    assert len(holders) >= 5
    assert [each.__name__ for each in holders if each.__eq__ is not object.__eq__] == []


def test_equal_pixels_are_two_photos():
    one, other = (Photo("a.png", np.zeros((2, 2, 3), "uint8")) for _ in range(2))
    assert one == one
    assert one != other
    assert [one, other].index(other) == 1
