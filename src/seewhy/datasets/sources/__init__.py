"""The photos of a run: where they are named or lie, and how they are read from there."""
