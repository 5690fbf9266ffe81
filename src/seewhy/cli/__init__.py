"""The command `seewhy`: one module a subcommand. Loading the package imports none of them."""
