"""Policies: what a service does beside its operations, as far as the contract asks for it."""
