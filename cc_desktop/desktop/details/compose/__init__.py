"""The foot of the details: a message to the agent, and the way to stop what it does."""
