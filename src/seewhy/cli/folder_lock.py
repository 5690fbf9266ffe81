"""One run at a time writes tables into a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seewhy.errors import OptionError


@contextmanager
def writing_alone(folder: Path) -> Iterator[None]:
    """Within, no other run that asks for the same holds the folder; also after a run is killed.

    Two would enter each photo twice, and give pictures of different questions one name. Raises
    OptionError if another run holds it. Where the system has no such locks, nothing is held.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OptionError(
                f"another run writes its results to {str(folder)!r} now: wait until it has ended, "
                f"or give another folder with --output."
            ) from None
        except OSError:  # some network file systems have none
            pass
        yield
    finally:
        os.close(place)
