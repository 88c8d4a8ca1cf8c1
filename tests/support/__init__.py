"""What tests stand on: a real PostgreSQL and other parts that are not themselves tests."""
