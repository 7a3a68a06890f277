"""A key that works in every window of the desktop, where the desktop has them for apps."""
