"""The command `seewhy`: its subcommands in `commands`, and what they share."""
