"""What the web app is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seewhy import checks
from seewhy.errors import OptionError
from seewhy.render.colormaps import table

COLORMAPS = ("clear", "jet", "cividis", "viridis", "inferno", "gray")
"""Those that the page offers; cividis is read alike by people with and without colour vision."""


@dataclass(frozen=True)
class AppOptions:
    """Choices of the web app; checked when they are made. Raises OptionError."""

    models: tuple[str, ...] = ()
    """Presets and files that are offered, the first of them at first; () for the bundled network
    and the presets whose weights are on this machine. Users of the page can give no others."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of `Explainer` for these models, such as labels; of several models, labels,
    preprocess and range are for the files among them, and weights for the presets."""
    photos: Path | None = None
    """A folder whose photos can be picked."""
    store: Path | None = None
    """A store of `seewhy run` that can be browsed."""
    audit: Path | None = None
    """The folder of an audit whose findings can be opened."""
    colormap: str = "clear"
    host: str = "127.0.0.1"
    port: int | None = None
    """None takes the first free one from 7860 on."""
    most_megabytes: int = 50
    """Of a photo that is sent."""
    waiting: int = 100
    """Requests that wait for the model at once; more are refused."""
    mcp: bool = False
    """Whether programs may ask, by HTTP and as tools of an MCP client."""

    def __post_init__(self) -> None:
        table(self.colormap)
        checks.count("most_megabytes", self.most_megabytes)
        checks.count("waiting", self.waiting)
        if self.port is not None and not 0 < self.port < 65536:
            raise OptionError(f"port is a number from 1 to 65535; got {self.port}.")
        if self.photos is not None and not self.photos.is_dir():
            raise OptionError(f"there is no folder {str(self.photos)!r} with photos.")
