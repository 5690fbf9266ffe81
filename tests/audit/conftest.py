"""What several of these files audit."""

from __future__ import annotations

import pytest

from helpers.planted_cases import case_of
from nets import planted


@pytest.fixture(scope="session")
def used(tmp_path_factory):
    """A strip in half of the photos of class 1, of which the network makes use."""
    model, case = case_of(tmp_path_factory.mktemp("used"))
    assert planted.flips_when_pasted(model, case.data) >= 0.5
    return case
