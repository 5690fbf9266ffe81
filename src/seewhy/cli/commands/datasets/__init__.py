"""The commands about data sets: photos explained into a store, shown as a gallery, audited."""
