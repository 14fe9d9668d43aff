"""What other programs read: results as Athena projects and columns of text. Pure functions; nothing is written here."""
