"""Who of the team may come in, and what they did: passwords, logins, second factor, invitations, the audit log."""
