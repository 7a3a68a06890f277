"""The tab Activity: what happened, in words with times."""
