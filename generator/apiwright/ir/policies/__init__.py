"""What a contract asks of all requests, whatever they do: limits and their kin."""
