"""What the operations do, a class for each resource."""
