"""What an explainer adds to the record of an explanation."""
