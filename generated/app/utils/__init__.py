"""Tools that know nothing of this service in particular."""
