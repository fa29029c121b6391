"""Limits: how many requests a caller may make, and how often somebody may fail to sign in."""
