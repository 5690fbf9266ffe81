"""A result is the same on all backends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seewhy.backend.selection import BACKENDS


@pytest.mark.framework_free  # one run compares all three
def test_maps_are_equal_on_all_backends(tmp_path):
    tests = Path(__file__).parents[1]
    results = {}
    for backend in BACKENDS:
        path = tmp_path / f"{backend}.npz"
        subprocess.run(
            [sys.executable, "-m", "helpers.maps_on_this_backend", str(path)],
            cwd=tests,
            env=os.environ | {"KERAS_BACKEND": backend},
            check=True,
        )
        results[backend] = dict(np.load(path))
    first = results[BACKENDS[0]]
    assert len(first) == 22
    for backend in BACKENDS[1:]:
        assert results[backend].keys() == first.keys()
        for key, expected in first.items():
            scale = np.abs(expected).max()
            assert scale > 0
            np.testing.assert_allclose(
                results[backend][key], expected, rtol=0, atol=1e-4 * scale, err_msg=key
            )
