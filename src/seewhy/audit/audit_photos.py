"""What a model has learned, asked of photos or a store of their explanations: `seewhy.audit`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Unpack
from weakref import finalize

from seewhy.audit.audit_options import AuditOptions
from seewhy.audit.find.clusters import hdbscan
from seewhy.audit.finding import Audit
from seewhy.audit.run_audit import audit_store
from seewhy.datasets.manifest import read_manifest
from seewhy.datasets.open_store import Store, open_store
from seewhy.datasets.places.address import without_secrets
from seewhy.datasets.run_options import RunOptions
from seewhy.datasets.run_photos import RunState, run_photos
from seewhy.datasets.store_files import store_place
from seewhy.errors import MapError, OptionError, StoreError
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
    folder: str | Path | None = None,
    choices: AuditOptions | None = None,
    **settings: Unpack[ExplainerArguments],
) -> Audit:
    """Find what photos of a class have in common, and whether the model needs it.

    source: a store of `seewhy.datasets.run`, or its folder; or photos as that takes them, which are
        explained first.
    model: as `Explainer` takes it, or an Explainer; of a store, the model that it was made with.
    folder: where the files go (see docs/audit.md), and an audit that was stopped goes on; None
        writes none.
    choices: what is looked at, how much is tested, and the seed.
    {options}
    Raises StoreError for a store of another model, and DependencyError where scikit-learn or
    pyarrow is missing.
    """
    check_order("seewhy.audit(photos, model)", model)
    hdbscan()
    asked = choices or AuditOptions()
    check_beside(asked)
    output = None if folder is None else Path(folder)
    store = as_store(source)
    if store is not None:
        explainer = explainer_for(store, model, settings)
        return audit_store(store, explainer, output, asked)
    explainer = model if isinstance(model, Explainer) else Explainer(model, **settings)
    if output is not None:
        store, _ = explained(source, explainer, output / STORE, asked)
        return audit_store(store, explainer, output, asked)
    return audit_store(_for_now(source, explainer, asked), explainer, None, asked)


def as_store(source: Any) -> Store | None:
    """A store that is given, or by its folder; None for photos."""
    if isinstance(source, Store):
        return source
    if not isinstance(source, str | os.PathLike):
        return None
    place = store_place(os.fspath(source))
    return open_store(place) if read_manifest(place) is not None else None


def check_beside(options: AuditOptions) -> None:
    """Raises OptionError or StoreError where there are no such boxes, or no such store, as are
    asked for: before photos are explained."""
    boxes, against = options.boxes, options.against
    if isinstance(boxes, str | os.PathLike) and not Path(boxes).exists():
        raise OptionError(
            f"there is no file or folder {os.fspath(boxes)!r} with boxes: give a COCO JSON file, "
            f"or a folder of VOC XML, YOLO text or PNG masks."
        )
    if against is not None and as_store(against) is None:
        raise StoreError(
            f"{without_secrets(against)!r} is no store: it has no manifest.json. Give the folder "
            f"that seewhy run was given with --output."
        )


def explainer_for(store: Store, model: Any, settings: Mapping[str, Any]) -> Explainer:
    """The explainer that a store was made with.

    settings: arguments of `Explainer`; those that are not the store's raise OptionError.
    """
    if isinstance(model, Explainer):
        return model
    about = store.manifest
    known = {name: about["options"][name] for name in about["options"] if name in _fields()}
    default = ExplainerOptions().as_dict()
    for name, value in settings.items():
        said = _plain(value)
        if name in known and value != default[name] and said != known[name]:
            raise OptionError(
                f"the store {str(store.folder)!r} was made with {name} {known[name]!r}; got "
                f"{said!r}. Leave it out, or run again with it."
            )
    known |= {name: settings[name] for name in _FREE if name in settings}
    known |= {"method": about["method"], "options": about["options"].get("of_method") or None}
    explainer = Explainer(model, **known)
    if explainer.layer == about["layer"]:
        return explainer
    layers = about["layer"].split(" + ")
    return explainer.having(layer=layers if len(layers) > 1 else layers[0])


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


def _for_now(source: Any, explainer: Explainer, options: AuditOptions) -> Store:
    """The store of photos, which lasts as long as something holds it: an audit draws its page from
    it."""
    folder = mkdtemp(prefix="seewhy-")
    try:
        store, _ = explained(source, explainer, Path(folder), options)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finalize(store, shutil.rmtree, folder, ignore_errors=True)
    return store


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


def _fields() -> set[str]:
    return set(ExplainerOptions().as_dict()) - set(_FREE) - {"layer", "method", "options"}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | list) else value
