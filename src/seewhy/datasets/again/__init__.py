"""Some rows of a store made again from the store's record, and compared with what it holds."""
