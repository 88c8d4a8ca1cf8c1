"""The graph becomes moves: frozen values of the standard library, nothing left to look up."""
