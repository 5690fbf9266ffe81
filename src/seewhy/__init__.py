"""See why a network decided: Grad-CAM for Keras 3 models on TensorFlow, JAX and PyTorch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from seewhy import backend
from seewhy._version import __version__

if TYPE_CHECKING:
    from seewhy import enhance, errors, ground_truth, metrics, render, targets
    from seewhy.benchmarking import benchmark
    from seewhy.comparison import compare
    from seewhy.debugging import debug
    from seewhy.differing import diff
    from seewhy.evaluating import evaluate
    from seewhy.explainer.explainer import Explainer
    from seewhy.explainer.one_shot import concepts, explain
    from seewhy.network.split import Split
    from seewhy.plan.layer_table import layers
    from seewhy.results.explanation import Explanation, Prediction, on_one_scale

__all__ = [
    "Explainer",
    "Explanation",
    "Prediction",
    "Split",
    "__version__",
    "benchmark",
    "compare",
    "concepts",
    "debug",
    "diff",
    "enhance",
    "errors",
    "evaluate",
    "explain",
    "ground_truth",
    "layers",
    "metrics",
    "on_one_scale",
    "render",
    "targets",
]

# Looked up on first use, so that `seewhy --help` need not wait for NumPy and Pillow.
_PLACES = {
    "Explainer": "explainer.explainer",
    "Explanation": "results.explanation",
    "Prediction": "results.explanation",
    "Split": "network.split",
    "benchmark": "benchmarking",
    "compare": "comparison",
    "debug": "debugging",
    "concepts": "explainer.one_shot",
    "diff": "differing",
    "evaluate": "evaluating",
    "explain": "explainer.one_shot",
    "layers": "plan.layer_table",
    "on_one_scale": "results.explanation",
}

# Keras picks its backend when it is first imported: where its own choice is not installed,
# let it find one that is. This imports no framework.
backend.choose()


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        value = getattr(import_module(f"seewhy.{_PLACES[name]}"), name)
    elif name in __all__:
        value = import_module(f"seewhy.{name}")
    else:
        raise AttributeError(f"module 'seewhy' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
