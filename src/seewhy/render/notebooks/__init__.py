"""Results in notebooks: as HTML, and as data frames."""
