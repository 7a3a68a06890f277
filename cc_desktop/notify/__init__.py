"""Which change deserves whose attention, and how it is told."""
