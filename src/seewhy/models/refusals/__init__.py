"""What to say of models that cannot be taken as they are."""
