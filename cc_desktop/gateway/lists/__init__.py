"""Lists of agents and sessions: when one is needed, and how it is fetched."""
