"""The schema's history, forward only, run by ``engage db upgrade``."""
