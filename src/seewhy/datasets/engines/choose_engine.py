"""A run over many photos by the engine that its options name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seewhy.datasets.engines.recipe import Recipe, recipe_of
from seewhy.datasets.places.places import Place
from seewhy.datasets.run_options import RunOptions
from seewhy.datasets.run_photos import RunState, Told, begin, run_photos

if TYPE_CHECKING:
    from seewhy.explainer.explainer import Explainer


def run_dataset(
    explainer: Explainer | Recipe,
    sources: str | Path | Sequence[str | Path],
    store: str | Place,
    options: RunOptions | None = None,
    *,
    told: Told | None = None,
    stop: Callable[[], bool] | None = None,
) -> RunState:
    """Explain many photos into a store, which `seewhy.datasets.open` reads.

    explainer: or the recipe of one, which is then made where it is needed.
    sources: folders, patterns, lists and tables of photos; see `sources.list_entries`. They are
        listed when the store is begun, and not again.
    store: a folder. A part that is there is done; what is missing is done now.
    options: with engine="ray", the model is sent to workers of Ray, and all their machines see the
        store and the photos under the same paths.
    told: called after each batch. stop: asked after each part whether to stop.
    Photos that cannot be read are rows with an error, and stop none of the others.
    Raises StoreError for a store of another model or question, and where it cannot be written;
    ImageError where there is no photo; ModelError for models that take no single photo;
    DependencyError where pyarrow or Ray is missing.
    """
    choices = options or RunOptions()
    if choices.engine == "local":
        own = explainer.explainer() if isinstance(explainer, Recipe) else explainer
        return run_photos(own, sources, store, choices, told=told, stop=stop)
    from seewhy.datasets.engines.on_ray import run_on_ray
    from seewhy.datasets.engines.ray_cluster import ray_package

    ray_package()
    recipe = explainer if isinstance(explainer, Recipe) else recipe_of(explainer)
    return run_on_ray(recipe, begin(sources, store, choices), told, stop)
