"""The staff pages: for whoever works with engage, after a login."""
