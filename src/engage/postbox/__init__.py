"""Where mail comes back to: a listener for LMTP or SMTP, a maildir, an IMAP box.

Each reads mail, has ``engage.intake.returned`` judge and note it, and only after the commit says that it is read.
"""
