"""Questions that take many explanations. Loading the package imports none of them."""
