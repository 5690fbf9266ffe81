"""Audits: what a model has learned, found in its explanations of a whole data set.

The package can be called: `seewhy.audit(photos, model)` is `seewhy.audit.audit_photos.audit`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from seewhy.audit.audit_options import AuditOptions
from seewhy.audit.finding import Audit, Finding
from seewhy.audit.mend import without
from seewhy.audit.model_card.write_card import card

__all__ = ["Audit", "AuditOptions", "Finding", "card", "without"]


class AuditModule(ModuleType):
    """This package, as a function too."""

    def __call__(self, source: Any, model: Any, **choices: Any) -> Audit:
        from seewhy.audit.audit_photos import audit

        return audit(source, model, **choices)


sys.modules[__name__].__class__ = AuditModule
