"""Methods, layers and models measured on the same photos, with controls beside them."""
