"""What an agent does now, and how its last run ended."""
