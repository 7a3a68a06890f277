"""What is said of what happened: activity, usage, absence."""
