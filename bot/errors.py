"""What ends the program although its settings can be used (those: `settings.BadSettings`)."""

from __future__ import annotations


class CannotGoOn(Exception):
    """Something is gone that the bot cannot do without. The message is one line for whoever runs it: what, and what to
    do. The program ends with exit code 1, which a supervisor takes as a reason to start it again.
    """
