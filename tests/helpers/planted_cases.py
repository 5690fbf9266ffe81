"""Photos with a mark in some of them, a network that learned from them, and their store."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

import seewhy
from nets import planted
from seewhy import datasets
from seewhy.audit import AuditOptions


@dataclasses.dataclass
class Case:
    """Photos in a folder, a network that learned from them, and their store."""

    data: planted.Planted
    folder: Path
    store: datasets.open_store.Store

    @property
    def model(self):
        return str(self.folder / "model.keras")

    def audit(self, **choices):
        choices = AuditOptions(**choices)
        return seewhy.audit(self.store, self.model, choices=choices, preprocess="none")

    def precision_and_recall(self, audit):
        """Of the photos of the first finding. The rows of the plan are the photos' numbers."""
        members = np.array(audit.members[audit[0].key])
        hits = self.data.marked[members].sum()
        of_class = self.data.marked & (self.data.labels == audit[0].class_index)
        return hits / len(members), hits / of_class.sum()


def case_of(folder, epochs=25, **how):
    data = planted.planted(80, **how)
    model = planted.trained(data, epochs=epochs)
    model.save(folder / "model.keras")
    data.save(folder / "photos")
    explainer = seewhy.Explainer(model, preprocess="none", batch_size=32)
    options = datasets.RunOptions(features=True, labels_from_folder=True)
    datasets.run(explainer, folder / "photos", folder / "store", options)
    return model, Case(data, folder, datasets.open(folder / "store"))
