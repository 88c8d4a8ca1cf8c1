"""Moves become statements: this layer builds SQL and never runs it."""
