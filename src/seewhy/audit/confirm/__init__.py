"""Whether a network needs what was found: regions moved into other photos, and taken away."""
