"""Measuring a running service: load from a process of its own, and what it costs the server."""
