"""What the subcommands of `ntcspec` do, one module each."""
