"""What a gateway tells of itself, beside its agents: read at connect, kept true by its events."""
