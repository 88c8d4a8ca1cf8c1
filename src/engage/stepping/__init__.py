"""Statements change state: the tick, in rounds, in chunks, each chunk one transaction."""
