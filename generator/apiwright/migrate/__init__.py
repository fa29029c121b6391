"""Migrations from the outside: what a database holds, what it should, and how it gets there."""
