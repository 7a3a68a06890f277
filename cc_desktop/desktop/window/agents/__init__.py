"""The list of agents: rows, filter, menu, selection, triage."""
