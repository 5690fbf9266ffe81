"""What an audit tells beside its findings: errors, evidence outside of boxes, duplicates, drift."""
