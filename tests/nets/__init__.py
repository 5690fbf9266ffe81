"""Networks that tests explain, and the same again in other frameworks."""
