"""Files that come with seewhy: the bundled network's weights, a photo, and tables of names."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
