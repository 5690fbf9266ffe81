"""Many images at once, as columns of arrays, without an object for each."""
