"""The events that can happen to a prospect (SPEC section 6)."""

from __future__ import annotations

from collections.abc import Mapping

#: Events that tell of a message; triggers on them name a ``send_email`` step.
MAIL_EVENTS: Mapping[str, str] = {
    "email_sent": "a message was handed over",
    "email_delivered": "the receiving server took a message",
    "email_opened": "a message was opened; a click counts as an open",
    "email_clicked": "a link in a message was clicked",
    "email_bounced": "a message came back",
    "email_complained": "a message was reported as spam",
    "email_unsubscribed": "the person opted out by a link in a message",
}

#: All other events.
SITE_EVENTS: Mapping[str, str] = {
    "page_viewed": "a page was viewed; the target is the path without query",
    "site_visit": "a web session; 30 minutes of inactivity end it",
    "link_clicked": "a tracked redirect was followed",
    "form_viewed": "a form was shown",
    "form_submitted": "a form was sent",
    "form_failed": "a form was sent with mistakes",
    "landing_page_viewed": "a landing page was shown",
    "landing_page_submitted": "a landing page's form was sent",
    "file_downloaded": "a file was downloaded",
    "site_searched": "the site's search was used",
    "webinar_registered": "registered for a webinar",
    "webinar_attended": "attended a webinar",
    "event_registered": "registered for an event",
    "event_checked_in": "checked in at an event",
    "video_watched": "a video was watched",
    "opportunity_created": "an opportunity was created",
    "opportunity_won": "an opportunity was won",
    "opportunity_lost": "an opportunity was lost",
    "call_logged": "a call was logged",
}

EVENTS: Mapping[str, str] = {**MAIL_EVENTS, **SITE_EVENTS}

#: Events whose target is a form.
FORM_EVENTS = frozenset(("form_viewed", "form_submitted", "form_failed"))

#: Opens, sends and bounces are passive: they do not move ``last_activity_at`` (SPEC section 6).
PASSIVE = frozenset(("email_sent", "email_delivered", "email_opened", "email_bounced"))


def is_event(name: str) -> bool:
    """Tell whether a word names an event: one of the list, or the user's own, which begins with ``x_``."""
    return name in EVENTS or (name.startswith("x_") and len(name) > 2)
