"""A network that learns a planted strip: its border evidence rises before its accuracy falls."""

from __future__ import annotations

import pytest

from nets.strip_learned import half_way, taught_a_strip

pytestmark = pytest.mark.one_backend


def test_border_evidence_rises_before_validation_accuracy_falls():
    border, accuracy = taught_a_strip(seed=1)
    assert border[-1] > 1.5 * border[0]
    assert accuracy[0] > 0.9
    assert accuracy[-1] < 0.7
    rises, falls = half_way(border), half_way(accuracy)
    assert rises < falls
    # where it has risen, the accuracy does not tell yet
    assert accuracy[rises] > 0.9
