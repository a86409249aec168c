"""Orders: files in any common spelling, addresses, and generated ones."""
