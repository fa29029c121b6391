"""The database schema of a service: tables as plain data, and the revisions that lead to them."""
