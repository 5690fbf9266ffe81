"""Inside a Keras model: its calls, layers, grids, outputs and logits, and the split at a layer."""
