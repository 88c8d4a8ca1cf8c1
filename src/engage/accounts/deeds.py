"""What the audit log tells of: every deed that must be traceable, by a name that stays, and how readers call it."""

from __future__ import annotations

from collections.abc import Mapping

from engage.wording import Sentence, sentence

DEEDS: Mapping[str, Sentence] = {
    # coming in
    "logged_in": sentence("Logged in"),
    "login_refused": sentence("Login refused"),
    "logged_out": sentence("Logged out"),
    "login_ended": sentence("One of the own logins ended"),
    "logins_ended": sentence("All logins ended"),
    "reset_asked": sentence("New password asked for"),
    "password_changed": sentence("Password changed"),
    "password_refused": sentence("Present password refused"),
    "password_set_first": sentence("Became the first administrator"),
    "password_set_welcome": sentence("First password chosen"),
    "password_set_reset": sentence("Forgotten password replaced"),
    "second_factor_on": sentence("Second factor switched on"),
    "second_factor_off": sentence("Second factor switched off"),
    "feed_made": sentence("Address of a calendar feed made"),
    "feed_stopped": sentence("Address of a calendar feed taken away"),
    # the team
    "user_added": sentence("User added"),
    "user_invited": sentence("User invited"),
    "user_disabled": sentence("User disabled"),
    "user_enabled": sentence("User enabled again"),
    "role_changed": sentence("Role changed"),
    # scenarios
    "applied": sentence("Files applied"),
    "rolled_back": sentence("Scenario rolled back"),
    "scenario_start": sentence("Scenario started"),
    "scenario_pause": sentence("Scenario paused"),
    "scenario_resume": sentence("Scenario resumed"),
    "scenario_stop": sentence("Scenario stopped"),
    # mail
    "send_ordered": sentence("One-off send ordered"),
    "send_chosen": sentence("E-mail of a test chosen"),
    "send_cancelled": sentence("One-off send cancelled"),
    "send_resumed": sentence("One-off send resumed"),
    "messages_resent": sentence("E-mails queued again"),
    "messages_dropped": sentence("E-mails given up"),
    "mail_released": sentence("Mail of a copied database released"),
    "test_sent": sentence("Test of an e-mail sent"),
    # data
    "import_begun": sentence("Import begun"),
    "import_ended": sentence("Import ended"),
    "exported": sentence("Data exported"),
    "person_exported": sentence("A person's data handed out"),
    "database_copied": sentence("Database backed up"),
    "database_upgraded": sentence("Database upgraded"),
    "timers_repaired": sentence("Lost timers made anew"),
}
