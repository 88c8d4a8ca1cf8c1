"""What of mail is tracked, as ``engage.yaml`` says it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from engage.language.criteria import Condition
from engage.language.model import AsTuple, Model, Text


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise PydanticCustomError("network", "a network is written as 192.0.2.0/24 or 2001:db8::/32") from None
    return text


Networks = Annotated[tuple[Annotated[Text, AfterValidator(_network)], ...], AsTuple]


class Tracking(Model):
    """What of mail is tracked; nothing is without ENGAGE_SECRET_KEY."""

    opens: bool = Field(True, description="a pixel in each mail counts opens")
    clicks: bool = Field(True, description="links are rewritten, so that clicks are counted")
    only_where: Condition | None = Field(
        None, description="criteria: only whom they match is tracked; others get plain links and no pixel"
    )
    proxies: Networks = Field(
        (), description="networks of data centres and privacy proxies: what comes from there counts nowhere"
    )
    apple: Networks = Field((), description="further networks of Apple Mail Privacy Protection, marked apart")
