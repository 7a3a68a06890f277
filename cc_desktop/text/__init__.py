"""Everything that is said to a person. No Qt."""
