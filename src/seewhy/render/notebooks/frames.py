"""Tables of results as data frames of pandas, which is not needed for anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seewhy.errors import DependencyError

if TYPE_CHECKING:
    from pandas import DataFrame


def data_frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> DataFrame:
    """A row for each mapping. columns: their order; () for that of the first row.

    Raises DependencyError where pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise DependencyError(
            "to_frame() needs pandas, which is not installed: pip install pandas."
        ) from error
    return pandas.DataFrame([dict(row) for row in rows], columns=list(columns) or None)
