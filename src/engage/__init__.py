"""engage: a rule-based marketing automation engine."""

__version__ = "0.1.0"
