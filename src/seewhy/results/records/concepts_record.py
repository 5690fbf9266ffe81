"""The record of concepts: what was factorised, of which photos, and digests of what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from seewhy.images.digests import digest, photo_digest
from seewhy.render.embedded.limits import LONGEST
from seewhy.results.plain_values import plain_values
from seewhy.results.records.make_record import file_name
from seewhy.results.records.read_file import CONCEPTS
from seewhy.results.records.record import Origin

SCHEMA = 1


def concepts_record(concepts: Any, origin: Origin | None) -> dict[str, Any]:
    """Plain values. origin: what its explainer knows; None where that is not at hand: then
    the weights are not told."""
    known = None if origin is None else {"model": vars(origin.model), "layers": origin.layers}
    about = known or {"model": {"name": str(concepts.options.get("model", ""))}}
    options = concepts.options if origin is None else dict(origin.options)
    return {
        "kind": CONCEPTS,
        "schema": SCHEMA,
        **plain_values(dict(about)),
        "layer": concepts.layer,
        "count": concepts.options.get("count"),
        "seed": concepts.options.get("seed"),
        "options": plain_values(dict(options)),
        "photos": [_photo(photo) for photo in concepts.photos],
        "error": float(concepts.error),
        "share": [float(share) for share in concepts.share],
        "maps_sha256": digest(np.asarray(concepts.maps, "float32")),
        "vectors_sha256": digest(np.asarray(concepts.vectors, "float32")),
        "warnings": list(concepts.warnings),
        "versions": dict(concepts.versions),
        "backend": "" if origin is None else origin.backend,
        "device": "" if origin is None else origin.device,
    }


def concepts_text(record: Mapping[str, Any]) -> str:
    """As JSON in ASCII, of at most `LONGEST` bytes: of very many photos the last are left out."""
    every, kept = record["photos"], len(record["photos"])
    while True:
        told = {**record, "photos": every[:kept], "photos_left_out": len(every) - kept}
        text = json.dumps({"record": told})
        if 5 * sum(map(text.count, "<>&")) + len(text) <= LONGEST or not kept:
            return text
        kept = kept * 3 // 4


def _photo(photo: Any) -> dict[str, Any]:
    of, sha256 = photo_digest(photo)
    return {"name": file_name(photo.name), "sha256": sha256, "of": of, "size": list(photo.size)}
