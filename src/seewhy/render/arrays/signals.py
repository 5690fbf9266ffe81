"""The picture of a 1-D signal: a panel for each channel, its background coloured by the map."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from seewhy.render import heatmaps
from seewhy.render.looks import TUTORIAL, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHANNELS = 6
"""As many channels have a panel; of more, the first ones."""
BINS = 800
"""As many columns are drawn at most, fewer than a panel has pixels, so that each is seen."""
MARKED = 60
"""Signals of as many steps have a dot at each."""
WIDTH, PANEL, EDGES = 9.6, 1.3, 0.9
"""Inches, at 100 pixels each: of the picture, of one panel's height, and of what is around."""


def signal_picture(
    values: np.ndarray,
    heatmap: np.ndarray | None,
    look: Look = TUTORIAL,
    *,
    label: str = "channel {}",
) -> np.ndarray:
    """A signal as lines over the colours of its heatmap, step i at i on the shared axis of steps.

    values: (steps, channels), any finite or other values; NaN and infinite ones are left out.
    heatmap: (steps,) in 0..1; None for a white background. look: of the colours on white, which
        are mixed with it where the look adds them. label: of each panel, with the channel's number
        for {}.
    Long signals are drawn as the range of each of up to 800 columns, so no peak is lost, with
    the largest heat in them. Of more than six channels the first six are shown, and the picture
    says so.
    Returns uint8 (height, width, 3), as high as the panels need.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    steps, channels = values.shape
    shown = min(channels, CHANNELS)
    tall = PANEL * (2 if shown == 1 else 1)
    figure = Figure((WIDTH, EDGES + shown * tall), dpi=100, layout="constrained", facecolor="white")
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(shown, sharex=True, squeeze=False)[:, 0]
    for channel, axes in enumerate(panels):
        _panel(axes, _finite(values[:, channel]))
        if heatmap is not None:
            _background(axes, heatmap, look)
        axes.set_ylabel(label.format(channel), fontsize=10, color="black")
    figure.align_ylabels(list(panels))
    room = 0.005 * steps  # so that the frame hides neither the first nor the last step
    panels[-1].set_xlim(-0.5 - room, steps - 0.5 + room)
    panels[-1].set_xlabel("step", fontsize=10, color="black")
    panels[-1].xaxis.get_major_locator().set_params(integer=True)
    if channels > shown:
        panels[0].set_title(f"the first {shown} of {channels} channels", fontsize=11, color="black")
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]


def _panel(axes: Axes, signal: np.ndarray) -> None:
    from matplotlib.patheffects import withStroke

    axes.set_ylim(*_limits(signal))
    # said here, since a user's own style may be white on black
    axes.set_facecolor("white")
    axes.tick_params(labelsize=9, colors="black")
    if np.isnan(signal).all():
        axes.text(0.5, 0.5, "no finite values", ha="center", va="center", transform=axes.transAxes)
        return
    # black is lost on the dark ends of colour maps
    halo = [] if len(signal) > BINS else [withStroke(linewidth=2.6, foreground="white")]
    line: dict[str, Any] = {"color": "black", "linewidth": 1.2, "marker": ".", "markersize": 4}
    steps, outline = _outline(signal)
    axes.plot(steps, outline, path_effects=halo, markevery=_dots(outline), **line)


def _background(axes: Axes, heatmap: np.ndarray, look: Look) -> None:
    heat, width = _binned(heatmap, np.fmax)
    white = np.full((1, len(heat), 3), 255, "uint8")
    # never added: what is added to white stays white
    mixed = replace(look, blend="mix") if look.blend == "add" else look
    colours = heatmaps.heated(white, heat[None], mixed)
    low, high = axes.get_ylim()
    extent = (-0.5, len(heat) * width - 0.5, low, high)
    axes.imshow(colours, extent=extent, aspect="auto", interpolation="nearest", zorder=0)


def _finite(signal: np.ndarray) -> np.ndarray:
    signal = signal.astype("float64")
    return np.where(np.isfinite(signal), signal, np.nan)


def _limits(signal: np.ndarray) -> tuple[float, float]:
    """What the panel shows of its axis, with room around lines and constants."""
    if np.isnan(signal).all():
        return 0.0, 1.0
    low, high = float(np.nanmin(signal)), float(np.nanmax(signal))
    room = 0.08 * (high - low) or 0.5 * abs(low) or 0.5
    return low - room, high + room


def _outline(signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps and values of a line that looks as the signal does, of up to twice 800 points."""
    low, width = _binned(signal, np.fmin)
    if width == 1:
        return np.arange(len(signal)), signal
    high, _ = _binned(signal, np.fmax)
    middle = (np.arange(len(low)) + 0.5) * width - 0.5
    middle = np.minimum(middle, len(signal) - 1)
    return np.repeat(middle, 2), np.stack([low, high], axis=-1).ravel()


def _dots(signal: np.ndarray) -> list[int]:
    """Which values have a dot: all of a few, else those between two NaN, where no line ends."""
    known = np.isfinite(signal)
    padded = np.concatenate([[False], known, [False]])
    alone = known & ~padded[:-2] & ~padded[2:]
    return np.nonzero(known if len(signal) <= MARKED else alone)[0].tolist()


def _binned(values: np.ndarray, extreme: np.ufunc) -> tuple[np.ndarray, int]:
    """The extremes of bins of equal width, without NaN where they have others, and that width."""
    width = -(-len(values) // BINS)
    binned: np.ndarray = extreme.reduceat(values, np.arange(0, len(values), width))
    return binned, width
