"""The colours of the families of steps, the same in every drawing."""

from __future__ import annotations

from collections.abc import Mapping

from engage.graph.picture import Family

#: family → the colour of lines and small text, the colour of surfaces
COLOURS: Mapping[Family, tuple[str, str]] = {
    "action": ("#2c6aa6", "#eef5fb"),
    "trigger": ("#7450a8", "#f5f0fa"),
    "rule": ("#a66a12", "#fdf6e9"),
    "wait": ("#5c6b7a", "#f2f4f6"),
    "flow": ("#2f7a78", "#ecf6f5"),
    "end": ("#3d7a5a", "#edf6f1"),
}
