"""What the build of the site does beside Sphinx and its extensions."""
