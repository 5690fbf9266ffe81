"""The arguments of an explainer as types and in words, for all functions that pass them on."""
