"""Who does the parts of a run: this process, or many machines with Ray."""
