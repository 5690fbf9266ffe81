"""Frozen records of what was found, and what people do with them."""
