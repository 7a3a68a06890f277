"""The HTTP fallback while no WebSocket can be had."""
