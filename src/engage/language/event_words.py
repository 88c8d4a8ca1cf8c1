"""What happened to a prospect, in words."""

from __future__ import annotations

from collections.abc import Mapping

from engage.wording import Sentence, sentence

#: Each event of SPEC section 6 as a line of a timeline.
EVENTS: Mapping[str, Sentence] = {
    "email_sent": sentence("was sent an e-mail"),
    "email_delivered": sentence("received an e-mail"),
    "email_opened": sentence("opened an e-mail"),
    "email_clicked": sentence("clicked a link in an e-mail"),
    "email_bounced": sentence("an e-mail came back"),
    "email_complained": sentence("reported an e-mail as spam"),
    "email_unsubscribed": sentence("opted out of e-mail"),
    "page_viewed": sentence("viewed a page"),
    "site_visit": sentence("visited the site"),
    "link_clicked": sentence("followed a tracked link"),
    "form_viewed": sentence("saw a form"),
    "form_submitted": sentence("sent a form"),
    "form_failed": sentence("sent a form with mistakes"),
    "landing_page_viewed": sentence("saw a landing page"),
    "landing_page_submitted": sentence("sent the form of a landing page"),
    "file_downloaded": sentence("downloaded a file"),
    "site_searched": sentence("searched the site"),
    "webinar_registered": sentence("registered for a webinar"),
    "webinar_attended": sentence("attended a webinar"),
    "event_registered": sentence("registered for an event"),
    "event_checked_in": sentence("came to an event"),
    "video_watched": sentence("watched a video"),
    "opportunity_created": sentence("an opportunity was created"),
    "opportunity_won": sentence("an opportunity was won"),
    "opportunity_lost": sentence("an opportunity was lost"),
    "call_logged": sentence("a call was logged"),
}


def event_words(name: str) -> Sentence:
    """Return an event in words; a user's own is called by its name.

    >>> str(event_words("form_submitted")), str(event_words("x_demo"))
    ('sent a form', 'x_demo')
    """
    return EVENTS.get(name) or sentence("{name}", name=name)
