"""One static page of a store: its photos, sorted and filtered, with their maps."""
