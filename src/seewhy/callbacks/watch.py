"""Watch: what a model looks at while `fit` trains it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, Unpack

import keras
import numpy as np
from PIL import Image

from seewhy import checks
from seewhy.callbacks.destinations.choose import choose_destinations
from seewhy.callbacks.destinations.destination import Destination, Redraws
from seewhy.callbacks.figures import map_figures, means
from seewhy.callbacks.inside import read_inside
from seewhy.callbacks.kept_maps import KeptMaps, drawn
from seewhy.callbacks.probes import LABEL, read_probes
from seewhy.callbacks.watched_model import WatchedModel
from seewhy.errors import OptionError, warn
from seewhy.explainer.arguments.describe import accepts_options, with_options_described
from seewhy.explainer.arguments.types import ExplainerArguments
from seewhy.explainer.options import read_options
from seewhy.render.looks import Look, LookName, choose_look
from seewhy.results.explanation import Explanation
from seewhy.results.explanations import Explanations

AT_ONCE = 16
"""Photos that go through together, if nothing is said: all of them, mostly."""


class Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """A callback of Keras's `fit`: explains a few photos after each epoch.

    photos: 8 to 16 that you know well, as an Explainer takes them; a folder or pattern; or a tuple
        (photos, true classes).
    targets: "label", the true class of each photo: those given, or the names of the folders that
        the files lie in; "top", what the model sees, which may change from epoch to epoch; another
        question for all, or a list of one each.
    every: after how many epochs; the first and the last one of each fit are always looked at.
    to: where pictures and figures go: a folder, "tensorboard:FOLDER", "wandb", "mlflow", a
        SummaryWriter, a function (step, name, image, figures), or a list of these. None: nothing
        is drawn in training.
    masks, boxes: where the thing is on each photo: bool arrays of the photo's shape or PNG files,
        or lists of (left, top, right, bottom) in its pixels; None for a photo without; or one path
        of annotations of all, as `seewhy.ground_truth.read` takes it.
    {options}
    labels may be the true classes, too, where they are numbers.

    Into `logs`, for all callbacks behind it, go the means over the photos: seewhy_similarity and
    seewhy_similarity_first (correlation with the map before, and after the first epoch),
    seewhy_border (share of the positive evidence in the outermost cells), seewhy_positive (share
    of the evidence that is positive), and with masks or boxes seewhy_inside (share of the heat
    inside). In epochs that are not looked at, the last ones stand again. Weights, optimiser,
    random state and metrics stay as they are without it, to the bit.
    Raises a SeewhyError for wrong arguments when it is made, or before the first epoch; what goes
    wrong later is told once, as a warning, and training goes on.
    """

    history: dict[str, list[float]]
    """The figures in the logs by their names, of the epochs that were looked at, and "epoch"."""

    @accepts_options()
    def __init__(
        self,
        photos: Any,
        targets: Any = LABEL,
        *,
        every: int = 1,
        to: Any = None,
        masks: Any = None,
        boxes: Any = None,
        **options: Unpack[ExplainerArguments],
    ) -> None:
        super().__init__()
        given: dict[str, Any] = {"batch_size": AT_ONCE, **options}
        classes = given.pop("labels") if _are_classes(given.get("labels")) else None
        read_options(given, "Watch")
        self._options = given
        self._every = checks.count("every", every)
        self._probes = read_probes(photos, targets, classes)
        self._inside, self._is_box = read_inside(masks, boxes), boxes is not None
        self._destinations = choose_destinations(to)
        self._watched: WatchedModel | None = None
        self._told: set[str] = set()
        self._start_over()

    def _start_over(self) -> None:
        self.history = {"epoch": []}
        self._kept: list[KeptMaps] = []
        self._first: list[np.ndarray] = []
        self._logged: dict[str, float] = {}
        self._begun: list[Explanation] | None = None
        self._step, self._offset, self._is_new = 0, 0, False

    @property
    def explanations(self) -> dict[str, Explanations]:
        """What was found of each photo, by its name: an explanation for each epoch looked at.

        All of a photo share a scale. They do not know the model any more, whose weights changed.
        """
        return {kept.name: Explanations(kept.scaled) for kept in self._kept}

    @property
    def epochs(self) -> list[int]:
        """After how many epochs those explanations were made; 0 is before training."""
        return list(self._kept[0].epochs) if self._kept else []

    def strips(
        self, *, look: LookName | Look | None = None, own_scales: bool = False
    ) -> dict[str, Image.Image]:
        """The strip of each photo by its name: its maps epoch by epoch, on one scale.

        look: "clear" or "tutorial". own_scales: whether each map is shown on a scale of its own.
        Raises OptionError before the first epoch.
        """
        if not self._kept:
            raise OptionError("nothing was watched yet: give it to fit, as callbacks=[watch].")
        chosen = choose_look(look)
        return {kept.name: kept.strip(chosen, own_scales=own_scales) for kept in self._kept}

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        """Keras calls it: reads the photos, and asks the model once, before hours are spent."""
        model = self.model
        if self._watched is None or self._watched.model is not model:
            self._watched = WatchedModel(
                model, self._probes, self._inside, is_box=self._is_box, options=self._options
            )
            self._start_over()
            self._begun = self._watched.explain()
            self._watched.tell_warnings(self._begun)
            self._kept = [KeptMaps(name) for name in self._watched.names]
        for destination in self._destinations:
            destination.start()
        self._is_new = True

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Keras calls it: the first epoch tells where counting goes on."""
        if self._is_new:
            # a second fit may count from 0 again
            self._offset = max(0, self._step - epoch)
            begun, self._begun = self._begun, None
            if begun is not None:
                self._safely("explaining", lambda: self._take(epoch, begun, is_trained=False))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keras calls it: explains the photos, and adds the figures to the logs."""
        is_last = epoch + 1 == (self.params or {}).get("epochs")
        if self._is_new or is_last or epoch % self._every == 0:
            self._safely("explaining", lambda: self._look(epoch + 1 + self._offset))
        self._is_new = False
        if logs is not None:
            logs.update(self._logged)

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        """Keras calls it: draws the strips, and the pictures of a folder on the scale of all."""
        for destination in self._destinations:
            what = f"finishing {type(destination).__name__}"
            self._safely(what, functools.partial(self._draw_strips, destination))
            self._safely(what, destination.finish)

    def _draw_strips(self, destination: Destination) -> None:
        look = choose_look()
        for kept in self._kept if self.history["epoch"] else []:
            destination.send_strip(self._step, kept.name, kept.strip(look))
            if isinstance(destination, Redraws):
                for step, explanation in zip(kept.epochs, kept.scaled, strict=True):
                    destination.redraw(step, kept.name, Image.fromarray(drawn(explanation, look)))

    def _look(self, step: int) -> None:
        assert self._watched is not None  # noqa: S101  (for mypy: made before the first epoch)
        # in the middle of training JAX's variables have no values but for self.model
        _ = self.model
        self._take(step, self._watched.explain(), is_trained=True)

    def _take(self, step: int, explanations: list[Explanation], *, is_trained: bool) -> None:
        """Keep, measure and send what was found after so many epochs.

        is_trained: whether by this callback's fit, so that it may be the first to compare with.
        """
        assert self._watched is not None  # noqa: S101  (for mypy)
        maps = [explanation.map for explanation in explanations]
        none: list[np.ndarray | None] = [None] * len(maps)
        if is_trained:
            self._first = self._first or maps
        first = [*self._first] or none
        before = [kept.explanations[-1].map if kept.explanations else None for kept in self._kept]
        figures = [
            map_figures(*row)
            for row in zip(explanations, self._watched.inside, before, first, strict=True)
        ]
        for kept, explanation in zip(self._kept, explanations, strict=True):
            kept.add(step, explanation)
        self._step = step
        together = means(figures)
        known = {name: value for name, value in together.items() if not math.isnan(value)}
        self._logged = together | self._logged | known
        for name, value in {"epoch": float(step), **together}.items():
            self.history.setdefault(name, []).append(value)
        self._send(step, explanations, figures, together)

    def _send(
        self,
        step: int,
        explanations: list[Explanation],
        figures: list[dict[str, float]],
        together: dict[str, float],
    ) -> None:
        look = choose_look()
        pictures: list[Image.Image] = []
        for destination in self._destinations:

            def send(destination: Any = destination) -> None:
                pictures.extend(kept.newest_picture(look) for kept in self._kept[len(pictures) :])
                rows = zip(self._kept, explanations, pictures, figures, strict=True)
                for kept, explanation, picture, about in rows:
                    share = explanation.probability
                    more = {} if share is None else {"probability": share}
                    destination.send(step, kept.name, picture, about | more)
                destination.end_step(step, together)

            self._safely(f"sending to {type(destination).__name__}", send)

    def _safely(self, what: str, work: Callable[[], None]) -> None:
        """Do what must not end a training of days: a failure is told once."""
        try:
            work()
        except Exception as error:
            if what not in self._told:
                self._told.add(what)
                warn(
                    f"watch-failed: {what} went wrong, and training goes on without it "
                    f"({type(error).__name__}: {error}). This is told once."
                )


def _are_classes(labels: Any) -> bool:
    """Whether what was given as labels are classes of photos, and no names of the model's."""
    if labels is None or isinstance(labels, str) or not hasattr(labels, "__len__"):
        return False
    if hasattr(labels, "dtype") or isinstance(labels, list | tuple):
        return len(labels) > 0 and np.asarray(labels).dtype.kind in "iufb"
    return False


Watch.__doc__ = with_options_described(Watch.__doc__)
