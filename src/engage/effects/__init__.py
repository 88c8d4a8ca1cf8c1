"""State becomes world: what is queued is rendered and handed over, once."""
