"""The tests of engage: each is an example, with its scenario in its docstring."""
