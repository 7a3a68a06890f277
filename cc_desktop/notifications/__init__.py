"""Which change deserves whose attention. Rules are pure; backends show."""
