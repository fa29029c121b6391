"""Queries, a class for each table."""
