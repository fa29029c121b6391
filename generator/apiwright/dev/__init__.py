"""Development: the service runs, and follows every edit."""
