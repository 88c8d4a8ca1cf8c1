"""An action for engage: writes an address label for a prospect into a folder.

In a scenario:

    - action: {name: print-label, with: {folder: /srv/labels}}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def print_label(call: Mapping[str, Any]) -> str:
    """Write the label and say which it is; ``call["id"]`` is the same if the same call should ever come twice."""
    prospect = call["prospect"]
    lines = [prospect[name] for name in ("zip", "prefecture", "city", "address", "company", "full_name")]
    if not any(lines):
        raise ValueError("the prospect has no address")
    label = Path(call["with"]["folder"]) / f"{call['id']}.txt"
    label.write_text("\n".join(line for line in lines if line) + "\n", "utf-8")
    return f"wrote {label.name}"
