"""The way to a gateway: address, token, test, and saving it."""
