"""The section of a model card: what was explained, what was audited and found, in Markdown."""
