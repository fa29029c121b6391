"""What a contract asks of its operations beside what they do."""
