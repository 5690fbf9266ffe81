"""Pictures of what is no photo: signals and volumes."""
