"""The conversation of a session: painted rows, of which only those in sight are laid out."""
