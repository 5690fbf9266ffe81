"""Texts in CSV files."""

from __future__ import annotations

import pytest

from seewhy.studies.csv_cells import text_cell
from seewhy.studies.diff import differences_as_csv


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_what_would_be_a_formula_is_a_text(text):
    assert text_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["", "cat", "a=b", "'=1"])
def test_other_texts_stay(text):
    assert text_cell(text) == text


def test_numbers_stay_numbers():
    side = {"predictions": [{"name": "@a"}], "score": -0.5}
    record = {"photo": "=x.jpg", "target": "+t", "note": "-", "figure": -1.0, "distance": None}
    line = differences_as_csv([record | {"a": side, "b": side}]).splitlines()[1]
    assert line == "'=x.jpg,'+t,-1.000000,,'@a,'@a,-0.5,-0.5,'-"
