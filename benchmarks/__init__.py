"""Measurements of the engine against plain SQL in the same run: `make bench`."""
