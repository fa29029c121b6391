"""What this service does beyond its contract's defaults; nothing here is ever generated."""
