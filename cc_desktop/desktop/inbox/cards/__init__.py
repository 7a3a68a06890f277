"""Cards on which an item is understood and decided."""
