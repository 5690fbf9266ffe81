"""`python -m seewhy` is the command `seewhy`."""

from __future__ import annotations

from seewhy.cli.app import main

if __name__ == "__main__":
    main()
