"""An invented prospect, so that a template can be tried where there is nobody yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from engage.effects.merge_fields import Plain, full_name
from engage.effects.post import Post
from engage.language.fields import STANDARD

_JAPANESE: Mapping[str, Plain] = {
    "first_name": "花子", "last_name": "佐藤", "first_name_kana": "はなこ", "last_name_kana": "さとう",
    "company": "サクラ商事株式会社", "department": "営業部", "job_title": "部長", "industry": "製造業",
    "country": "JP", "prefecture": "東京都", "city": "千代田区", "address": "千代田1-1", "zip": "100-0001",
    "phone": "03-0000-0000", "mobile": "090-0000-0000", "fax": "03-0000-0001", "source": "展示会",
    "timezone": "Asia/Tokyo", "notes": "プレビュー用の見込み客です", "consent_source": "フォーム",
}  # fmt: skip
_ENGLISH: Mapping[str, Plain] = {
    "first_name": "Hanako", "last_name": "Sato", "first_name_kana": "Hanako", "last_name_kana": "Sato",
    "company": "Sakura Trading", "department": "Sales", "job_title": "Director", "industry": "Manufacturing",
    "country": "JP", "prefecture": "Tokyo", "city": "Chiyoda", "address": "1-1 Chiyoda", "zip": "100-0001",
    "phone": "+81 3 0000 0000", "mobile": "+81 90 0000 0000", "fax": "+81 3 0000 0001", "source": "trade fair",
    "timezone": "Asia/Tokyo", "notes": "invented for a preview", "consent_source": "form",
}  # fmt: skip
_ANY: Mapping[str, Plain] = {
    "email": "hanako.sato@example.com", "employees": 300, "annual_revenue": 5000000, "website": "https://example.com/",
    "do_not_call": False, "score": 120, "grade": "B+", "mailable": True, "opted_out": False, "do_not_email": False,
}  # fmt: skip


def invented(post: Post, language: str, now: datetime) -> dict[str, Plain]:
    """Return a prospect who has a value in every field."""
    moment = now.astimezone(post.house.hours.zone)
    known = {**(_JAPANESE if language.partition("-")[0] == "ja" else _ENGLISH), **_ANY, "language": language}
    known |= dict.fromkeys(("consent_at", "created_at", "last_activity_at"), moment)
    known["full_name"] = full_name(str(known["first_name"]), str(known["last_name"]), post.house)
    return {**{field.name: known.get(field.name) for field in STANDARD}, **_custom(post, moment)}


def empty(post: Post) -> dict[str, Plain]:
    """Return a prospect of whom nothing is known but the address."""
    names = (*(field.name for field in STANDARD), *post.company.fields)
    flags = {"mailable": True, "opted_out": False, "do_not_email": False, "score": 0}
    return {**dict.fromkeys(names), "email": _ANY["email"], **flags}


def _custom(post: Post, moment: datetime) -> dict[str, Plain]:
    """Return a value for each field of the workspace's own."""
    values: dict[str, Plain] = {
        "number": 1234.5, "integer": 12, "boolean": True, "date": (moment + timedelta(days=30)).date(),
        "datetime": moment,
    }  # fmt: skip
    return {
        name: field.choices[0] if field.choices else values.get(field.type, name)
        for name, field in post.company.fields.items()
    }
