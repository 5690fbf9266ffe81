from __future__ import annotations

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Modules that compile hundreds of models for one or two runs each.
COMPILE_MUCH = (
    "test_all_classes",
    "test_attention",
    "test_keras_hub",
    "test_detect_preprocess",
    "test_layer_table",
    "test_memory",
    "test_odd",
    "test_references",
    "test_perturbed_runs",
    "test_targets",
    "test_token_grids",
    "test_zoo",
    "test_zoo_fused",
    "test_zoo_refusals",
)


@pytest.fixture(scope="module", autouse=True)
def quick_compilation(request):
    """XLA with few optimisations takes half the time; the other modules test it with all."""
    if request.module.__name__ not in COMPILE_MUCH:
        yield
        return
    import keras

    if keras.backend.backend() != "jax":
        yield
        return
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
