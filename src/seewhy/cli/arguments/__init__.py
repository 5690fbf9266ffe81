"""What stands on the command line: its flags, how values are written, and what is checked first."""
