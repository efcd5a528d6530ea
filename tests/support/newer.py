"""`python -m tests.support.newer run`: Signoff as a later version will be, whose schema has one change more."""

import sys

from storage import migrations

CHANGE = ("alter table threads add column later text",)

if __name__ == "__main__":
    migrations.MIGRATIONS = (*migrations.MIGRATIONS, CHANGE)  # before those are imported who take it from there

    from bot.cli import main

    sys.exit(main(sys.argv[1:]))
