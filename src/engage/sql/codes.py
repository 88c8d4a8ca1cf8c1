"""Small numbers that stand in narrow rows, and what they mean."""

from __future__ import annotations

from enum import IntEnum


class RunState(IntEnum):
    """Where an enrolment stands; below COMPLETED it is open."""

    ACTIVE = 0
    HELD = 1
    COMPLETED = 2
    GOAL = 3
    LEFT = 4


class Phase(IntEnum):
    """How far an enrolment is in the step where it stands."""

    #: the step has not begun for it: it just entered, or was moved here
    ARRIVES = 0
    #: it stays for the step's ``after``
    STAYS = 1
    #: the step itself waits: a wait or a trigger
    WAITS = 2


class Outcome(IntEnum):
    """How a passage through a step ended."""

    COMPLETED = 0
    YES = 1
    NO = 2
    SKIPPED = 3
    FAILED = 4
    LEFT = 5
    GOAL = 6


#: Why a step was skipped that an event cut short by ending the loop around it; such a visit is no part of a path.
CUT_SHORT = "the loop has ended"
#: Outcomes of switches and splits are numbers from here on: see ``outcome_names``.
FIRST_NAMED = 100


class Figure(IntEnum):
    """What a row of ``totals`` counts. The first seven are outcomes, and so are all from FIRST_NAMED on."""

    COMPLETED = 0
    YES = 1
    NO = 2
    SKIPPED = 3
    FAILED = 4
    LEFT = 5
    GOAL = 6
    WAITING = 10
    HELD = 11
    #: runs begun, at the step where they began
    ENTERED = 12
    SENT = 20
    HARD_BOUNCED = 21
    SOFT_BOUNCED = 22
    OPENED = 23
    CLICKED = 24
    OPTED_OUT = 25
    COMPLAINED = 26


class HeardKind(IntEnum):
    """What the public pages heard of a message."""

    OPEN = 0
    CLICK = 1
    #: the link that no person sees was followed
    TRAP = 2


class TimerKind(IntEnum):
    """What a timer wakes."""

    #: enrolments at a step
    STEP = 0
    #: prospects that changed: goals, holds, audiences and grades are looked at
    CHANGED = 1
    #: all prospects, for one scenario, in spans of keys after ``after_id``
    LOOK = 2
    #: prospects whose inactivity is to be counted
    INACTIVE = 3
    #: messages that were handed over, cancelled or failed
    SETTLED = 4
    #: enrolments at a trigger, because something happened; their own timer stands
    WAKE = 5
    #: activities that let prospects enter a scenario
    ENTER = 6


class MessageStatus(IntEnum):
    """Where a message is."""

    QUEUED = 0
    HELD = 1
    SENT = 2
    FAILED = 3
    IN_DOUBT = 4
    CANCELLED = 5


class SendState(IntEnum):
    """Where a one-off send is."""

    #: its moment has not come
    SCHEDULED = 0
    #: its messages are being queued
    SENDING = 1
    #: the test's messages are out, their readers have time
    TESTING = 2
    #: the test is over without a winner: a person decides
    UNDECIDED = 3
    #: all are queued but those for whom the frequency cap leaves no room
    HOLDING = 4
    DONE = 5
    CANCELLED = 6


class MessageKind(IntEnum):
    """Whether an opt-out stops a message."""

    MARKETING = 0
    OPERATIONAL = 1


class EntryKind(IntEnum):
    """Why a row stands in the score ledger."""

    RULE = 0
    STEP = 1
    MANUAL = 2
    IMPORT = 3
    EXPIRY = 4
    INACTIVITY = 5


class ChangeKind(IntEnum):
    """What a row of ``changes`` tells of."""

    FIELD = 0
    LIST = 1
    TAG = 2
    CAMPAIGN = 3
    OPPORTUNITY = 4
    #: a run was held or released
    HELD = 5


#: The facet of a timer for those who may run through a scenario again.
AGAIN = "again"

#: How many keys a timer or a chunk holds at most.
CHUNK = 50_000


class Bounce(IntEnum):
    """How a message came back: for now, or for ever."""

    SOFT = 1
    HARD = 2


class Returned(IntEnum):
    """What a mail that came back, or an event of a mail service, was."""

    #: the address is dead
    HARD = 1
    #: failed for now, or not for the address's sake alone
    SOFT = 2
    #: refused for our sake: a policy, our reputation; it never counts against the recipient
    POLICY = 3
    COMPLAINT = 4
    #: somebody wrote to the address for opting out
    OPT_OUT = 5
    #: what follows changes nothing
    AUTOREPLY = 6
    #: a server still tries
    DELAYED = 7
    DELIVERED = 8
    #: of servers or mail programs: a receipt, an authentication report, «not spam»
    REPORT = 9
    #: our own mail, or a list's
    ECHO = 10
    #: for one of our addresses, but nothing that we can read
    UNKNOWN = 11
    #: about no message that was sent from here
    FOREIGN = 12


#: The figures that count runs (left, goal, waiting, held, entered), as statements must write it to use their index.
RUN_FIGURES = "figure IN (5, 6, 10, 11, 12)"
#: The figures that are asked for by days over all scenarios (mails), likewise.
DAY_FIGURES = "figure IN (20, 21, 22, 23, 24, 25)"
#: The rows that no folding has made, likewise.
UNFOLDED = "folded = 0"
#: The visits that failed, as statements must write it to use their index.
FAILED = "outcome = 4"
