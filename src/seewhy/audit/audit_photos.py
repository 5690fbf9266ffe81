"""What a model has learned, asked of photos or a store of their explanations: `seewhy.audit`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Unpack

from seewhy.audit.audit_options import AuditOptions
from seewhy.audit.find.clusters import hdbscan
from seewhy.audit.finding import Audit
from seewhy.audit.run_audit import Told, audit_store
from seewhy.datasets.manifest import read_manifest
from seewhy.datasets.open_store import Store, open_store
from seewhy.datasets.run_options import RunOptions
from seewhy.datasets.run_photos import RunState, run_photos
from seewhy.datasets.store_files import store_place
from seewhy.errors import MapError, OptionError
from seewhy.explainer.arguments.describe import accepts_options
from seewhy.explainer.arguments.types import ExplainerArguments
from seewhy.explainer.columns.weighted_features import check_one_layer
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.options import ExplainerOptions
from seewhy.images.argument_order import check_order

STORE = "store"
"""The folder in that of the audit where photos are explained into."""
_FREE = ("batch_size", "labels", "weights", "top", "prepared", "bands")
"""Options of which a store says nothing, or which change none of its maps."""


@accepts_options()
def audit(
    source: Any,
    model: Any,
    *,
    output: str | Path | None = None,
    options: AuditOptions | None = None,
    **settings: Unpack[ExplainerArguments],
) -> Audit:
    """Find what photos of a class have in common, and whether the model needs it.

    source: a store of `seewhy.datasets.run`, or its folder; or photos as that takes them, which are
        explained first.
    model: as `Explainer` takes it, or an Explainer; of a store, the model that it was made with.
    output: a folder for the files (see docs/audit.md), in which an audit that was stopped goes on;
        None writes none.
    {options}
    Raises StoreError for a store of another model, and DependencyError where scikit-learn or
    pyarrow is missing.
    """
    check_order("seewhy.audit(photos, model)", None)
    hdbscan()
    choices = options or AuditOptions()
    folder = None if output is None else Path(output)
    store = as_store(source)
    if store is not None:
        explainer = explainer_for(store, model, settings)
        return audit_store(store, explainer, folder, choices)
    explainer = model if isinstance(model, Explainer) else Explainer(model, **settings)
    if folder is not None:
        store, _ = explained(source, explainer, folder / STORE, choices)
        return audit_store(store, explainer, folder, choices)
    with TemporaryDirectory(prefix="seewhy-") as there:
        store, _ = explained(source, explainer, Path(there), choices)
        return audit_store(store, explainer, None, choices)


def as_store(source: Any) -> Store | None:
    """A store that is given, or by its folder; None for photos."""
    if isinstance(source, Store):
        return source
    if not isinstance(source, str | os.PathLike):
        return None
    place = store_place(os.fspath(source))
    return open_store(place) if read_manifest(place) is not None else None


def explainer_for(store: Store, model: Any, settings: Mapping[str, Any]) -> Explainer:
    """The explainer that a store was made with.

    settings: arguments of `Explainer`; those that are not the store's raise OptionError.
    """
    if isinstance(model, Explainer):
        return model
    about = store.manifest
    known = {name: about["options"][name] for name in about["options"] if name in _fields()}
    for name, value in settings.items():
        if name in known and value != getattr(ExplainerOptions, name, None):
            said, made = _plain(value), _plain(known[name])
            if said != made:
                raise OptionError(
                    f"the store {str(store.folder)!r} was made with {name} {made!r}; got "
                    f"{said!r}. Leave it out, or run again with it."
                )
    known |= {name: settings[name] for name in _FREE if name in settings}
    known |= {"method": about["method"], "options": about["options"].get("of_method") or None}
    if about["layer"]:
        layers = about["layer"].split(" + ")
        known["layer"] = layers if len(layers) > 1 else layers[0]
    return Explainer(model, **known)


def explained(
    source: str | Path | Sequence[str | Path],
    explainer: Explainer,
    folder: Path,
    options: AuditOptions,
    **how: Any,
) -> tuple[Store, RunState]:
    """The store of photos, which are explained as far as they are not yet. how: `told` and `stop`
    of `run_photos`."""
    state = run_photos(explainer, source, folder, run_options(explainer, options), **how)
    return open_store(folder), state


def run_options(explainer: Explainer, options: AuditOptions) -> RunOptions:
    """How photos are explained for an audit: with features where one layer gives them."""
    try:
        check_one_layer(explainer.pipeline)
        features = True
    except MapError:
        features = False
    return RunOptions(
        features=features, labels_from_folder=options.labels_from_folder, shard_size=256
    )


def told_to_nobody(*_: Any) -> None:
    """For `Told`."""


def _fields() -> set[str]:
    return set(ExplainerOptions().as_dict()) - set(_FREE) - {"layer", "method", "options"}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | list) else value


__all__ = ["Told", "audit", "explained", "explainer_for"]
