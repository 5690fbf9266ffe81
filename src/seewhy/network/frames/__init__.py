"""Where the cells of tensors inside a network lie in its image."""
