"""The list of notifications and its bell."""
