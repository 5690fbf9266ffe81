"""The record of an audit: what was asked, of which model and photos, with which software."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

from seewhy._version import __version__
from seewhy.audit.audit_options import AuditOptions
from seewhy.datasets.open_store import Store
from seewhy.explainer.recording.run_record import run_record
from seewhy.results.records.make_record import file_name
from seewhy.results.records.read_file import AUDIT

if TYPE_CHECKING:
    from seewhy.explainer.explainer import Explainer

SCHEMA = 1
_PACKAGES = ("numpy", "scipy", "scikit-learn", "pyarrow", "pillow")
"""Those that bear on what is found, beside Keras and its backend."""


def audit_record(store: Store, explainer: Explainer, options: AuditOptions) -> dict[str, Any]:
    """Plain values: the fields of a `Record` that all maps share, and those of the audit."""
    pipeline, about = explainer.pipeline, store.manifest
    common = run_record(pipeline, [("top", explainer.questions(["top"])[0])])
    asked = options.as_dict()
    for name in ("boxes", "against"):
        asked[name] = None if asked[name] is None else file_name(asked[name])
    return {
        "kind": AUDIT,
        "schema": SCHEMA,
        **common,
        "audit": asked,
        "seed": options.seed,
        "store": {
            "plan_sha256": about.get("plan"),
            "rows": len(store),
            "weights_sha256": about["model"].get("weights_sha256"),
            "versions": dict(about["versions"]),
        },
        "versions": {"seewhy": __version__, **pipeline.info().versions, **_versions()},
        "backend": pipeline.backend.NAME,
        "device": pipeline.backend.device(),
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
