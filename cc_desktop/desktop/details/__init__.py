"""The details of one agent."""
