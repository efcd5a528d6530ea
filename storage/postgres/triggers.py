"""What the database itself holds to: functions that statements call, and triggers, by the names that SQLite's have."""

from __future__ import annotations

from storage import states
from storage.states import Machine

COPYING = "signoff.copying"
"""A setting of a transaction that copies rows as they are: then a row may begin as what it was."""

FUNCTIONS = (
    """create or replace function seconds() returns double precision language sql volatile
        as $$ select extract(epoch from clock_timestamp())::double precision $$""",
    # The values of a `Listed` or a `Paired`, which are an array of one dimension or of two. They are few, and each is
    # to be looked up by an index: as part of a statement (which `strict` prevents) they would be taken for a thousand,
    # and whole tables be read.
    """create or replace function each_of(given text[]) returns table (key text, value text)
        language sql immutable strict rows 1
        as $$ select case when array_ndims(given) = 2 then given[n][1] else (n - 1)::text end,
                     case when array_ndims(given) = 2 then given[n][2] else given[n] end
              from generate_subscripts(given, 1) n $$""",
)

TABLES = (
    # The row that whoever appends to the audit locks.
    "create table audit_chain (id bigint primary key check (id = 1))",
    "insert into audit_chain values (1)",
    # The mark of the last transaction of each connection that changed something.
    "create table commits (name text primary key, mark text not null)",
)
"""What a file has no need of, with its one writer."""


def _function(name: str, body: str, trigger: str) -> tuple[str, str]:
    return (
        f"""create or replace function {name}() returns trigger language plpgsql as $$ begin {body} end $$""",
        f"create or replace trigger {name} {trigger} execute function {name}()",
    )


def _refusal(said: str) -> str:
    return f"raise exception using message = {said}, errcode = 'integrity_constraint_violation'"


def _never(deed: str) -> str:
    return _refusal(f"'audit rows are {deed}'") + ";"


_OUTDATE = """update conversations set outdated = 1 where thread_id = new.thread_id and outdated = 0;
    return null;"""

_AUDIT = (
    *_function("audit_is_not_changed", _never("never changed"), "before update on audit for each row"),
    *_function("audit_is_not_shortened", _never("never removed"), "before delete on audit for each row"),
    *_function("audit_is_not_emptied", _never("never removed"), "before truncate on audit for each statement"),
    *_function(
        "audit_grows_at_its_end",
        f"""if new.seq is distinct from (select coalesce(max(seq), 0) + 1 from audit) then
            {_never("only appended")} end if; return new;""",
        "before insert on audit for each row",
    ),
)
_OUTDATED = (
    *_function("threads_outdate_on_insert", _OUTDATE, "after insert on threads for each row"),
    *_function("threads_outdate_on_update", _OUTDATE, "after update of version on threads for each row"),
)


def _guard(machine: Machine) -> tuple[str, ...]:
    refusals = " ".join(f"when '{old}' then '{said}'" for old, said in machine.refusals.items())
    move = _function(
        f"{machine.table}_move",
        f"""if old.status || '>' || new.status not in ({machine.legal}) then
            {_refusal(f"case old.status {refusals} end")}; end if; return new;""",
        f"before update of status on {machine.table} for each row",
    )
    if machine.begins is None:
        return move
    begin = _function(
        f"{machine.table}_begin",
        f"""if new.status not in ({states.listed(machine.begins)})
                and coalesce(current_setting('{COPYING}', true), '') <> 'on'
                and not exists (select 1 from {machine.table} where ({machine.key}) = ({machine.new_key})) then
            {_refusal(f"'{machine.false_start}'")}; end if; return new;""",
        f"before insert on {machine.table} for each row",
    )
    return (*move, *begin)


TRIGGERS = (*FUNCTIONS, *_AUDIT, *_OUTDATED, *(each for machine in states.MACHINES for each in _guard(machine)))
"""Made again whenever they are others than those that were made last."""
