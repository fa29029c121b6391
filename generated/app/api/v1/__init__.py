"""The operations of the contract, a router for each resource."""
