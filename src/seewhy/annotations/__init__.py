"""Boxes and masks of photos: read from files that people made, and written."""
