"""Lets ``python -m engage`` do what ``engage`` does."""

import sys

from engage.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
