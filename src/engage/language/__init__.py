"""YAML becomes a model: every word of the workspace's files, with its place."""
