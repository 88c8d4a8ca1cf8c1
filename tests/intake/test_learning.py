"""Learning: what the batch takes, and what it tells of prospects and messages."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from engage.intake.batch import batch
from engage.intake.learning import learn_chunk
from engage.sql import tables as t
from engage.sql.codes import Figure
from engage.sql.days import day_of, fill_days
from engage.sql.mail_days import NO_STEP
from tests.intake.town import DAY, HOUR, START, Town, plans, rule


def figures(town: Town) -> Counter[tuple[int, str, date]]:
    """Return the report's figures by step, figure and local day."""
    found = Counter[tuple[int, str, date]]()
    for row in town.connection.execute(select(t.totals)):
        day = date.fromordinal(date(1970, 1, 1).toordinal() + row.day)
        found[row.step_id, Figure(row.figure).name, day] += row._mapping["count"]
    return +found


def test_only_what_has_happened_is_learnt_and_only_once(town: Town) -> None:
    idle, ann, ben = town.prospects("idle", "ann", "ben")
    town.did(ann, "page_viewed", "/later", at=START + HOUR)
    town.did(ben, "page_viewed", "/now", at=START)
    first = town.learn(plans(rule("page_viewed", 1)))
    assert (first.taken, first.counted, first.scored, first.anything) == (1, 1, True, True)
    assert [town.score(each) for each in (idle, ann, ben)] == [0, 0, 1]
    assert not town.learn(plans(rule("page_viewed", 1))).anything

    town.learn(plans(rule("page_viewed", 1)), START + HOUR)
    assert [town.score(each) for each in (idle, ann, ben)] == [0, 1, 1]
    learnt = town.connection.scalars(select(t.activities.c.learnt_at).order_by(t.activities.c.occurred_at)).all()
    assert learnt == [START, START + HOUR]


def test_chunks_take_the_oldest_first_and_the_batch_stays_for_the_caller(town: Town) -> None:
    (ann,) = town.prospects("ann")
    for hours in (3, 1, 2):
        town.did(ann, "page_viewed", at=START + hours * HOUR)
    seen = []
    while learn_chunk(town.connection, plans(), START + DAY, limit=2).taken:
        seen.append(town.connection.scalars(select(batch.c.occurred_at).order_by(batch.c.occurred_at)).all())
    assert seen == [[START + HOUR, START + 2 * HOUR], [START + 3 * HOUR]]


def test_bots_are_stored_and_count_nowhere(town: Town) -> None:
    ann, ben = town.prospects("ann", "ben")
    step = town.step()
    mails = [town.message(each, step) for each in (ann, ben)]
    town.did(ann, "email_clicked", "invite", message=mails[0], bot=True)
    town.did(ben, "email_clicked", "invite", message=mails[1])
    first = town.learn(plans(rule("email_clicked", 3)))
    assert (first.taken, first.counted) == (2, 1)
    assert (town.score(ann), town.standing(ann).last_activity_at, town.mail(mails[0]).clicked_at) == (0, None, None)
    assert (town.score(ben), town.standing(ben).last_activity_at, town.mail(mails[1]).clicked_at) == (3, START, START)
    assert town.connection.scalar(select(func.count(t.activities.c.learnt_at))) == 2
    assert town.connection.scalar(select(func.count()).select_from(t.unlearnt)) == 0


def test_opens_sends_and_bounces_are_passive(town: Town) -> None:
    passive, late, active = town.prospects("passive", "late", "active")
    for event in ("email_sent", "email_delivered", "email_opened", "email_bounced"):
        town.did(passive, event)
    town.did(late, "page_viewed", at=START)
    town.did(active, "page_viewed", at=START)
    town.learn(plans())
    town.did(late, "page_viewed", at=START - DAY)
    town.did(active, "page_viewed", at=START + DAY)
    town.learn(plans(), START + DAY)
    moments = [town.standing(each).last_activity_at for each in (passive, late, active)]
    assert moments == [None, START, START + DAY]


def test_a_message_counts_once_however_often_it_is_opened(town: Town) -> None:
    """A click counts as an open; a message that no step sent counts under no step."""
    ann, ben = town.prospects("ann", "ben")
    step = town.step()
    # 23:30 on the 30th and 00:30 on the 1st, in Tokyo.
    before, after = START - 12.5 * HOUR, START - 11.5 * HOUR
    opened, clicked, loose = town.message(ann, step, before), town.message(ben, step, after), town.message(ben, None)
    for hours in (2, 1):
        town.did(ann, "email_opened", "invite", at=START + hours * HOUR, message=opened)
        town.did(ben, "email_clicked", "invite", at=START + hours * HOUR, message=clicked)
        town.did(ben, "email_clicked", "invite", at=START + hours * HOUR, message=loose)
    town.learn(plans(), START + DAY, limit=3)
    town.did(ann, "email_opened", "invite", at=START, message=opened)
    town.learn(plans(), START + DAY)

    assert figures(town) == {
        (step, "OPENED", date(2026, 11, 30)): 1,
        (step, "OPENED", date(2026, 12, 1)): 1,
        (step, "CLICKED", date(2026, 12, 1)): 1,
        (NO_STEP, "OPENED", date(2026, 12, 1)): 1,
        (NO_STEP, "CLICKED", date(2026, 12, 1)): 1,
    }
    assert [town.mail(each).opened_at for each in (opened, clicked, loose)] == [START + HOUR] * 3
    assert [town.mail(each).clicked_at for each in (opened, clicked, loose)] == [None, START + HOUR, START + HOUR]


def test_a_hard_bounce_stops_all_mail_and_a_soft_one_does_not(town: Town) -> None:
    soft, hard, both = town.prospects("soft", "hard", "both")
    step = town.step()
    mails = {each: town.message(each, step) for each in (soft, hard, both)}
    for each, kinds in ((soft, ("soft",)), (hard, ("hard", "hard")), (both, ("soft",))):
        for kind in kinds:
            town.did(each, "email_bounced", message=mails[each], properties=f'{{"bounce": "{kind}"}}')
    town.learn(plans())
    assert [town.standing(each).do_not_email for each in mails] == [False, True, False]
    town.did(both, "email_bounced", message=mails[both], properties='{"bounce": "hard"}')
    assert town.learn(plans()).mailable

    assert [town.mail(each).bounce for each in mails.values()] == [1, 2, 2]
    assert [town.standing(each).do_not_email for each in mails] == [False, True, True]
    assert town.consents() == [(each, "do_not_email", "email_bounced") for each in (hard, both)]
    day = date(2026, 12, 1)
    assert figures(town) == {(step, "SOFT_BOUNCED", day): 1, (step, "HARD_BOUNCED", day): 2}


def test_five_soft_bounces_are_as_good_as_a_hard_one(town: Town) -> None:
    four, five = town.prospects("four", "five")
    for number in range(5):
        for each in (four, five)[number > 3 :]:
            town.did(each, "email_bounced", at=START + number * HOUR, properties='{"bounce": "soft"}')
    town.learn(plans(), START + DAY, limit=4)
    assert [town.standing(each).do_not_email for each in (four, five)] == [False, True]
    assert len(town.consents()) == 1


def test_complaints_and_unsubscribes_opt_out_once(town: Town) -> None:
    reader, angry, gone = town.prospects("reader", "angry", "gone")
    step = town.step()
    mails = {each: town.message(each, step) for each in (reader, angry, gone)}
    town.did(reader, "email_opened", message=mails[reader])
    town.did(angry, "email_complained", message=mails[angry])
    town.did(angry, "email_unsubscribed", at=START + HOUR, message=mails[angry])
    town.did(gone, "email_unsubscribed", message=mails[gone])
    assert town.learn(plans(), START + DAY).mailable
    town.did(gone, "email_unsubscribed", at=START + HOUR, message=mails[gone])
    town.learn(plans(), START + DAY)

    assert [town.standing(each).opted_out for each in mails] == [False, True, True]
    assert town.consents() == [(angry, "opt_out", "email_complained"), (gone, "opt_out", "email_unsubscribed")]
    day = date(2026, 12, 1)
    assert figures(town) == {
        (step, "OPENED", day): 1,
        (step, "COMPLAINED", day): 1,
        (step, "OPTED_OUT", day): 2,
    }


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-28T23:59:59+01:00", "2026-03-28"),
        ("2026-03-29T00:00:00+01:00", "2026-03-29"),
        ("2026-03-29T23:59:59.999999+02:00", "2026-03-29"),
        ("2026-03-30T00:00:00+02:00", "2026-03-30"),
        ("1969-12-31T23:59:59+01:00", "1969-12-31"),
        ("1970-01-01T00:00:00+01:00", "1970-01-01"),
        ("1950-06-01T12:00:00+01:00", "1950-06-01"),
    ],
)
def test_local_days_follow_the_zone_and_its_changes_of_clock(town: Town, moment: str, day: str) -> None:
    """Berlin: the 29th of March 2026 has 23 hours."""
    (ann,) = town.prospects("ann")
    town.did(ann, "page_viewed", at=datetime.fromisoformat(moment))
    fill_days(town.connection, t.activities.c.occurred_at, ZoneInfo("Europe/Berlin"))
    found = town.connection.scalar(select(day_of(t.activities.c.occurred_at)).select_from(t.activities))
    assert found == (date.fromisoformat(day) - date(1970, 1, 1)).days
