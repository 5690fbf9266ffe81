"""Models: loaded by name or from a file, and fed as they want it."""
