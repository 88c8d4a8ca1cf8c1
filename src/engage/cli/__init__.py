"""The commands of ``engage``: one module a group, imports that take long stand inside the commands."""
