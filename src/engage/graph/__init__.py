"""The model becomes a networkx graph: steps are nodes, outcomes are edges."""
