"""The connection to a gateway. asyncio, no Qt."""
