"""How an audit tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Told = Callable[[str, int, int], None]
"""Is told what is done, how many are done and of how many."""
