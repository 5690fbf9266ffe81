"""pyarrow, which only the stores need."""

from __future__ import annotations

from types import ModuleType

from seewhy.errors import DependencyError

_MISSING = (
    "runs over datasets and their stores need pyarrow, which is not installed: "
    "pip install 'seewhy[datasets]'."
)


def pyarrow() -> ModuleType:
    """The package. Raises DependencyError where it is not installed."""
    try:
        import pyarrow
    except ImportError as error:
        raise DependencyError(_MISSING) from error
    module: ModuleType = pyarrow
    return module


def parquet() -> ModuleType:
    """Its module for Parquet files. Raises DependencyError where it is not installed."""
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise DependencyError(_MISSING) from error
    module: ModuleType = parquet
    return module
