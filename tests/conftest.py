from __future__ import annotations

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Modules whose passes are compiled with all optimisations, as they are for users.
COMPILED_AS_FOR_USERS = ("test_backend", "test_explainer", "test_maps", "test_steady")


@pytest.fixture(scope="module", autouse=True)
def quick_compilation(request):
    """XLA with few optimisations takes half the time, where a pass runs once or twice."""
    users = request.module.__name__.rpartition(".")[2] in COMPILED_AS_FOR_USERS
    if users or os.environ.get("KERAS_BACKEND") != "jax":
        yield
        return
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
