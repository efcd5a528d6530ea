"""What a writing connection may do to a row's status: `storage.states`, as SQLite's triggers."""

from __future__ import annotations

import sqlite3

from storage import states
from storage.sqlite.connections import Connection


def guard(db: Connection) -> None:
    """Hold what this connection writes against the tables. One trigger a table: a legal move is asked about once."""
    for machine in states.MACHINES:
        table = machine.table
        refusals = [
            f"select raise(abort, '{said}') where old.status = '{old}';" for old, said in machine.refusals.items()
        ]
        db.execute(
            f"""create temp trigger "{table} move" before update of status on main.{table}
                when old.status || '>' || new.status not in ({machine.legal}) begin {"".join(refusals)} end"""
        )
        if machine.begins is not None:
            db.execute(  # an upsert asks here too, also for a row that is there already
                f"""create temp trigger "{table} begin" before insert on main.{table}
                    when new.status not in ({states.listed(machine.begins)})
                        and not exists (select 1 from main.{table} where ({machine.key}) = ({machine.new_key}))
                    begin select raise(abort, '{machine.false_start}'); end"""
            )


def translated(error: Exception) -> Exception:
    """What a transaction raised; `IllegalMove` or `ClaimMoved` when that was a move against the tables."""
    return (isinstance(error, sqlite3.IntegrityError) and states.refused(str(error))) or error
