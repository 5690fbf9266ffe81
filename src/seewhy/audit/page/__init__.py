"""The page of an audit, which people look at."""
