"""The wire: frames, connect parameters, error codes. Pure: no asyncio, no Qt."""
