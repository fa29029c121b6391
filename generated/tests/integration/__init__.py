"""Tests of parts that work together: requests, units of work, the database, its migrations."""
