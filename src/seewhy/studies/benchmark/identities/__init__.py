"""What tells one benchmark of a model, method or function from another."""
