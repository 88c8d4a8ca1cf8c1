"""The web: what readers of mails and mail providers ask of us over HTTP."""
