"""The hours of a scenario as they are written (SPEC section 3): when its e-mails may go."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from engage.language.model import Text, by_shape
from engage.language.workspace import HoursWord

#: The zone of each prospect.
PROSPECT = "prospect"


class OwnHours(HoursWord):
    """Opening hours of a scenario's own; hours given without holidays have none."""

    timezone: Text | None = Field(
        None, description="Area/Place, or `prospect`: each prospect's own; default: the workspace's"
    )


ScenarioHours = Annotated[
    Annotated[Literal["business", "always"], Tag("value")] | Annotated[OwnHours, Tag("mapping")],
    Discriminator(by_shape),
]
