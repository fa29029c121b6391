"""Tests of many requests at once."""
