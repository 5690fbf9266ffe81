"""See why a network decided: Grad-CAM for Keras 3 models on TensorFlow, JAX and PyTorch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from seewhy import backend
from seewhy._version import __version__

if TYPE_CHECKING:
    from seewhy import callbacks, datasets, enhance, errors, ground_truth, metrics, render, targets
    from seewhy.audit import AuditModule
    from seewhy.explainer.explainer import Explainer
    from seewhy.explainer.one_shot import concepts, explain, trust
    from seewhy.network.split import Split
    from seewhy.plan.layer_table import layers
    from seewhy.results.explanation import Explanation
    from seewhy.results.explanations import Explanations
    from seewhy.results.prediction import Prediction
    from seewhy.results.shared_scale import on_one_scale
    from seewhy.studies.benchmark.benchmark import benchmark
    from seewhy.studies.compare import compare
    from seewhy.studies.debug import debug
    from seewhy.studies.diff import diff
    from seewhy.studies.evaluate import evaluate
    from seewhy.studies.reproduce.make_again import reproduce

    audit: AuditModule

__all__ = [
    "Explainer",
    "Explanation",
    "Explanations",
    "Prediction",
    "Split",
    "__version__",
    "audit",
    "benchmark",
    "callbacks",
    "compare",
    "concepts",
    "datasets",
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
    "reproduce",
    "targets",
    "trust",
]

# Looked up on first use, so that `seewhy --help` need not wait for NumPy and Pillow.
_PLACES = {
    "Explainer": "explainer.explainer",
    "Explanation": "results.explanation",
    "Explanations": "results.explanations",
    "Prediction": "results.prediction",
    "Split": "network.split",
    "benchmark": "studies.benchmark.benchmark",
    "compare": "studies.compare",
    "debug": "studies.debug",
    "concepts": "explainer.one_shot",
    "diff": "studies.diff",
    "evaluate": "studies.evaluate",
    "explain": "explainer.one_shot",
    "layers": "plan.layer_table",
    "on_one_scale": "results.shared_scale",
    "reproduce": "studies.reproduce.make_again",
    "trust": "explainer.one_shot",
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
