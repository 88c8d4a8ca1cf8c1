"""What mail services report over HTTP: Amazon SES, SendGrid, Mailgun; only what they signed, and each report once.

Each service has a module that turns a request into a ``Call`` or refuses it (``Forged``), without a database and,
but for Amazon's certificates, without the network.
"""
