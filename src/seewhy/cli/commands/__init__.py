"""The subcommands of `seewhy`, one module each. Loading the package imports none of them."""
