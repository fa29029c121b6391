"""What a contract asks for around its operations; each policy is a module."""
