"""The words on the way to a gateway: its address, its test, and the next step."""
