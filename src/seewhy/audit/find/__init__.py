"""What many photos of a class have in common, found in their maps and features."""
