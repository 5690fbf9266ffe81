"""What several of these files audit."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import seewhy
from helpers.planted_cases import case_of
from nets import planted
from seewhy import datasets


@pytest.fixture(scope="session")
def used(tmp_path_factory):
    """A strip in half of the photos of class 1, of which the network makes use."""
    model, case = case_of(tmp_path_factory.mktemp("used"))
    assert planted.flips_when_pasted(model, case.data) >= 0.5
    return case


@pytest.fixture(scope="session")
def explainer(used):
    return seewhy.Explainer(used.model, preprocess="none", batch_size=32)


@pytest.fixture(scope="session")
def unmarked(explainer, tmp_path_factory):
    """A store of other photos, none of which has the strip; and 20 of them twice."""
    folder = tmp_path_factory.mktemp("unmarked")
    planted.planted(60, share=0.0, seed=7).save(folder / "photos")
    options = datasets.RunOptions(labels_from_folder=True)
    datasets.run(explainer, folder / "photos", folder / "store", options)
    return folder / "store"


@pytest.fixture(scope="session")
def masks(used, tmp_path_factory):
    """All of each photo but the place of the strip."""
    folder = tmp_path_factory.mktemp("masks")
    mask = np.full((planted.SIDE,) * 2, 255, "uint8")
    mask[-8:] = 0
    for k in range(len(used.data.photos)):
        Image.fromarray(mask).save(folder / f"{k:04}.png")
    return folder
