"""The workspace's other files as they are written (SPEC sections 2, 8 and 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, RootModel
from pydantic_core import PydanticCustomError

from engage.language.criteria import Condition
from engage.language.fields import FieldType
from engage.language.hours import Window, parse_holiday
from engage.language.model import AsTuple, Filled, Ident, Model, Text, Texts
from engage.language.moment import Duration
from engage.language.scoring import limit_of
from engage.language.tracking import Tracking
from engage.wording import sentence

Number = int | float


def _window(text: str) -> str:
    Window.parse(text)
    return text


def _holiday(text: str) -> str:
    parse_holiday(text)
    return text


class HoursWord(Model):
    """Opening hours; hours given without holidays have none."""

    days: Annotated[
        tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...], AsTuple, Field(min_length=1)
    ] = Field(("mon", "tue", "wed", "thu", "fri"), description="the weekdays")
    between: Annotated[Text, AfterValidator(_window)] = Field(
        "09:00-18:00", description="the window; it includes its start and excludes its end"
    )
    holidays: Annotated[tuple[Annotated[Text, AfterValidator(_holiday)], ...], AsTuple] = Field(
        (), description="country codes (JP), days, or spans 2026-12-29..2027-01-04"
    )


class Sender(Model):
    """Who marketing mail comes from."""

    name: Filled = Field(description="the name shown")
    email: Filled = Field(description="the address")
    address: Filled | None = Field(None, description="the postal address in the footer")


def _whole_days(within: Duration) -> Duration:
    if within.whole_days is None:
        raise ValueError(sentence("the cap counts whole days; write for example 7 days"))
    return within


class Cap(Model):
    """A frequency cap."""

    count: int = Field(ge=1, le=1000, description="at most this many marketing messages")
    within: Annotated[Duration, AfterValidator(_whole_days)] = Field(description="within this many days")


class Limits(Model):
    """Limits that hold across scenarios."""

    emails_per_prospect: Cap | None = Field(None, description="marketing mail for one prospect")


class CustomField(Model):
    """A field of the user's own."""

    type: FieldType = Field(description="text, number, integer, boolean, date or datetime")
    choices: Texts | None = Field(None, description="the only values it may have")
    name: Filled | None = Field(None, description="label")


class Company(Model):
    """engage.yaml: the company and what holds for all scenarios."""

    name: Filled = Field(description="the company's name")
    locale: Literal["ja", "en"] = Field("en", description="language of messages, names' order, dates")
    timezone: Filled = Field("UTC", description="an IANA name such as Asia/Tokyo")
    hours: HoursWord = Field(HoursWord(), description="business hours")
    sender: Sender | None = Field(None, description="who marketing mail comes from")
    limits: Limits = Field(Limits(), description="limits that hold across scenarios")
    tracking: Tracking = Field(Tracking(), description="what of mail is tracked, and of whom")
    sales_sees: Literal["own", "all"] = Field("own", description="whose prospects and ToDos sales sees in the pages")
    require_consent: bool = Field(False, description="true: marketing mail only to prospects with consent_at")
    fields: dict[Ident, CustomField] = Field({}, description="custom fields of prospects")


class User(Model):
    """A member of the team."""

    name: Filled = Field(description="shown in lists")
    email: Filled | None = Field(None, description="where notifications go")
    role: Literal["admin", "marketer", "sales", "viewer"] = Field("sales", description="what the user may do")
    department: Filled | None = Field(None, description="for adoption figures")
    job_title: Filled | None = Field(None, description="for adoption figures")


Members = Annotated[tuple[Ident, ...], AsTuple, Field(min_length=1)]


class Team(Model):
    """team.yaml: users, groups served by round robin, queues."""

    users: dict[Ident, User] = Field({}, description="the key is the user's id")
    groups: dict[Ident, Members] = Field({}, description="round robin groups")
    queues: dict[Ident, Members] = Field({}, description="queues of ToDos, each with its members")


class ListWord(Model):
    """A list: static, or dynamic by where."""

    name: Filled = Field(description="the list's name")
    public: bool = Field(False, description="shown in the preference centre")
    where: Condition | None = Field(None, description="makes the list dynamic: who matches is on it")


class Lists(RootModel[dict[Ident, ListWord]]):
    """lists.yaml: the key is the list's id."""


class Campaign(Model):
    """A marketing measure."""

    name: Filled = Field(description="the campaign's name")
    statuses: Annotated[tuple[Filled, ...], AsTuple, Field(min_length=1)] = Field(
        ("member", "responded"), description="statuses of members"
    )
    responded: Annotated[tuple[Filled, ...], AsTuple] = Field((), description="which statuses count as a response")
    cost: Number | None = Field(None, ge=0, description="what it cost")
    parent: Ident | None = Field(None, description="the campaign it belongs to")


class Campaigns(RootModel[dict[Ident, Campaign]]):
    """campaigns.yaml: the key is the campaign's id."""


class Form(Model):
    """A form on the site."""

    name: Filled = Field(description="the form's name")
    fields: Annotated[tuple[Ident, ...], AsTuple] = Field((), description="the fields it asks")


class Forms(RootModel[dict[Ident, Form]]):
    """forms.yaml: the key is the form's id."""


def _limit(text: str) -> str:
    limit_of(text)
    return text


class ScoreRule(Model):
    """Points for an activity."""

    activity: Filled = Field(description="the event")
    target: Filled | None = Field(None, description="only this target, or a glob")
    points: int = Field(ge=-1_000_000, le=1_000_000, description="points added; negative ones are taken")
    category: Ident | None = Field(None, description="the category the points belong to; they count in the total too")
    limit: Annotated[Text, AfterValidator(_limit)] | None = Field(
        None, description="`3`, `1 per day` or `1 per target`: only the first so many count"
    )
    expires_after: Duration | None = Field(None, description="the points are taken back this long after the activity")


class Inactivity(Model):
    """Points taken from who does nothing."""

    every: Duration = Field(description="for each full span since the last activity")
    points: int = Field(le=0, ge=-1_000_000, description="a negative number")
    floor: int = Field(0, description="never below")


class Scoring(Model):
    """scoring.yaml: what an activity is worth."""

    rules: Annotated[tuple[ScoreRule, ...], AsTuple] = Field((), description="every rule that matches adds its points")
    inactivity: Inactivity | None = Field(None, description="points taken from who does nothing")


#: Thirds of a letter; the whole way from F to A+ is twelve.
_MOST_THIRDS = 36


def _thirds(value: object) -> object:
    """Read 1, 2/3, 1/3 … as thirds of a letter."""
    if isinstance(value, bool):
        return value
    found: int | None = None
    if isinstance(value, int):
        found = value * 3
    elif isinstance(value, str) and value.strip().endswith("/3") and value.strip()[:-2].isdecimal():
        found = int(value.strip()[:-2])
    if found is None or not 0 <= found <= _MOST_THIRDS:
        text = "worth is counted in letters and thirds of a letter, from 0 to 12: 1, 2/3, 1/3 …"
        raise PydanticCustomError("thirds", text)
    return found


_ThirdsText = Annotated[int, Field(ge=0, le=12)] | Annotated[str, Field(pattern=r"^[0-9]+/3$", examples=["2/3"])]
Thirds = Annotated[int, BeforeValidator(_thirds, json_schema_input_type=_ThirdsText)]


class GradeCriterion(Model):
    """What a property of the prospect is worth; unknown properties do nothing."""

    name: Filled = Field(description="shown on the grade card")
    match: Condition = Field(description="the condition")
    worth: Thirds = Field(description="added when it matches, in letters from 0 to 12: 1, 2/3, 1/3")
    mismatch: Thirds | None = Field(None, description="subtracted when it does not; default: its worth")


class ProfileChoice(Model):
    """Who is graded by which profile."""

    profile: Ident = Field(description="the profile")
    when: Condition = Field(description="the condition; the first that holds decides, else default")


class Grading(Model):
    """grading.yaml: how well a prospect fits."""

    profiles: dict[Ident, Annotated[tuple[GradeCriterion, ...], AsTuple, Field(min_length=1)]] = Field(
        description="criteria by profile"
    )
    assign: Annotated[tuple[ProfileChoice, ...], AsTuple] = Field((), description="which profile grades whom")


class FrontMatter(Model):
    """The head of a template."""

    subject: Filled = Field(description="the subject; may hold merge fields")
    preheader: Filled | None = Field(None, description="the text shown after the subject in a mail box")
    from_: Literal["sender", "owner"] | None = Field(None, alias="from", description="whose name it bears")
    kind: Literal["marketing", "operational"] = Field(
        "marketing", description="operational mail goes also to who opted out"
    )
    name: Filled | None = Field(None, description="label")


#: Every file of a workspace that is one mapping, and its model.
FILES: Mapping[str, type[BaseModel]] = {
    "engage.yaml": Company,
    "team.yaml": Team,
    "lists.yaml": Lists,
    "campaigns.yaml": Campaigns,
    "forms.yaml": Forms,
    "scoring.yaml": Scoring,
    "grading.yaml": Grading,
}
