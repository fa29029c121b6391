"""Shapes of values on the wire."""
