"""Mail that comes back: bounces, complaints, opt-outs by mail, and all that only looks like them.

A mail is read shallowly and within bounds (``shallow``), judged without a database (``judging``) and noted in the
caller's transaction (``noting``). Nothing here ever answers a mail.
"""
