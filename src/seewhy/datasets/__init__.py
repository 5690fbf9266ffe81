"""Runs over many photos: explanations as columns in a store of Parquet files, and read back.

Loading the package imports neither Keras nor pyarrow.
"""

from seewhy.datasets.again.reproduce_store import reproduce_store as reproduce
from seewhy.datasets.compare_stores import compare_stores as compare
from seewhy.datasets.engines.choose_engine import run_dataset as run
from seewhy.datasets.open_store import open_store as open
from seewhy.datasets.run_options import RunOptions

__all__ = ["RunOptions", "compare", "open", "reproduce", "run"]
