"""Records: all that is needed to make an explanation again, as it is written into files."""
