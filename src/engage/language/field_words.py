"""The standard fields of a prospect, in words."""

from __future__ import annotations

from collections.abc import Mapping

from engage.wording import Sentence, sentence

#: Standard fields as people call them; a field of the workspace's own bears its name.
FIELDS: Mapping[str, Sentence] = {
    "email": sentence("e-mail address"),
    "first_name": sentence("first name"),
    "last_name": sentence("family name"),
    "first_name_kana": sentence("first name as read"),
    "last_name_kana": sentence("family name as read"),
    "company": sentence("company"),
    "department": sentence("department"),
    "job_title": sentence("job title"),
    "industry": sentence("industry"),
    "employees": sentence("employees"),
    "annual_revenue": sentence("annual revenue"),
    "website": sentence("website"),
    "phone": sentence("phone"),
    "mobile": sentence("mobile phone"),
    "fax": sentence("fax"),
    "country": sentence("country"),
    "prefecture": sentence("prefecture"),
    "city": sentence("city"),
    "address": sentence("address"),
    "zip": sentence("postal code"),
    "source": sentence("source"),
    "language": sentence("language"),
    "timezone": sentence("time zone"),
    "notes": sentence("notes"),
    "do_not_call": sentence("no calls"),
    "consent_at": sentence("consent given"),
    "consent_source": sentence("source of the consent"),
    "owner": sentence("owner"),
    "grade": sentence("grade"),
    "opted_out": sentence("opted out"),
    "do_not_email": sentence("no e-mail goes"),
}
