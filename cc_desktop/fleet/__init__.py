"""The model: facts in, changes out. Pure: no asyncio, no Qt, no sockets."""
