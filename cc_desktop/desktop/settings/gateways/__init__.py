"""The page Gateways and its rows."""
