"""The tab Sessions: a table of all sessions of an agent."""
