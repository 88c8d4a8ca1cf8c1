"""The real engine on invented people and a virtual clock."""
