"""The schema, as a list that only grows. `pragma user_version` says how many of them a file has seen.

Times are Unix seconds. Columns named for what they hold, such as payload or writes, hold JSON text.
"""

from storage.jobs import Connection

APPLICATION_ID = 0x5369676E
"""Marks the file as ours ("Sign"), so that another program's database is refused and not migrated."""

_ROOT_TASK = """root text generated always as
        (case instr(scope, '/') when 0 then scope else substr(scope, 1, instr(scope, '/') - 1) end) virtual"""
"""The task of the root graph that a scope is in. No query asks for it: see `_THIRD`."""

_FIRST = (
    """create table owners (
        id text primary key, host text not null, pid integer not null, process_started text, expires_at real not
        null)""",
    """create table threads (
        thread_id text primary key,
        status text not null check (status in ('idle', 'running', 'waiting', 'failed', 'done')),
        owner text, fence integer not null default 0,
        version integer not null default 0,
        created_at real not null, updated_at real not null)""",
    "create index threads_running on threads (status) where status = 'running'",
    """create table checkpoints (
        seq integer primary key autoincrement,
        checkpoint_id text not null unique, thread_id text not null, ns text not null, parent_id text,
        format integer not null, source text not null, step integer not null,
        tasks text not null, joins text not null, versions text not null, metadata text not null,
        created_at real not null)""",
    "create index checkpoints_of_thread on checkpoints (thread_id, ns, seq)",
    """create table state_values (
        thread_id text not null, checkpoint_id text not null, key text not null, base text, data text not null,
        primary key (thread_id, checkpoint_id, key)) without rowid""",
    f"""create table tasks (
        scope text primary key, {_ROOT_TASK}, thread_id text not null,
        status text not null check (status in ('finished', 'paused', 'failed')),
        writes text, targets text, error text, updated_at real not null) without rowid""",
    "create index tasks_of_thread on tasks (thread_id)",
    "create index tasks_of_root on tasks (root)",
    f"""create table interrupts (
        seq integer primary key autoincrement, id text not null unique,
        thread_id text not null, ns text not null, scope text not null, {_ROOT_TASK}, ordinal integer not null,
        node text not null, kind text not null,
        status text not null check (status in
            ('waiting', 'answered', 'reopened', 'superseded', 'cancelled', 'expired')),
        version integer not null default 1, consumed integer not null default 0,
        payload text not null, digest text not null, schema text, terms text, requester text, replaces text,
        created_at real not null, expires_at real,
        answer text, answered_by text, answered_at real)""",
    """create unique index interrupts_place on interrupts (scope, ordinal)
        where status not in ('superseded', 'cancelled')""",
    "create index interrupts_of_root on interrupts (root)",
    "create index interrupts_news on interrupts (thread_id) where status = 'answered' and consumed = 0",
    "create index interrupts_of_thread on interrupts (thread_id, status)",
    "create index interrupts_waiting on interrupts (status, kind) where status in ('waiting', 'reopened')",
    """create table answers (
        interrupt_id text not null, answer text not null, answered_by text, answered_at real not null)""",
    "create index answers_of_interrupt on answers (interrupt_id)",
    f"""create table claims (
        scope text not null, {_ROOT_TASK}, key text not null, thread_id text not null, idempotency_key text not null,
        status text not null check (status in ('claimed', 'done', 'failed', 'paused', 'in doubt')),
        result text, error text, claimed_at real not null, settled_at real,
        primary key (scope, key)) without rowid""",
    "create index claims_of_root on claims (root)",
    "create index claims_of_thread on claims (thread_id, key)",
    """create table inbox (
        seq integer primary key autoincrement, event_id text not null unique,
        kind text not null, thread_id text not null, team text not null, channel text not null, ts text not null,
        thread_ts text not null, user text not null, text text not null,
        status text not null check (status in ('received', 'done')), received_at real not null)""",
    "create unique index inbox_message on inbox (team, channel, ts) where kind = 'message'",
    "create index inbox_unread on inbox (thread_id, seq) where status = 'received'",
    """create table conversations (
        thread_id text primary key, team text not null, channel text not null, thread_ts text not null,
        shown_version integer not null default -1)""",
    """create table posts (
        subject text primary key, thread_id text not null, channel text not null, ts text,
        shown text, posted_at real)""",
    "create index posts_of_thread on posts (thread_id)",
)

_SECOND = (
    """create table votes (
        interrupt_id text not null, user text not null, team text not null, at real not null, facts text not null,
        unique (interrupt_id, user))""",
    "alter table interrupts add column about text",
    "create index interrupts_due on interrupts (expires_at) where status = 'waiting' and expires_at is not null",
    "drop index interrupts_news",
    """create index interrupts_news on interrupts (thread_id)
        where status in ('answered', 'expired') and consumed = 0""",
    """create table audit (
        seq integer primary key, at real not null, kind text not null, thread_id text not null, interrupt_id text,
        team text, user text, facts text not null, previous text not null, hash text not null unique)""",
    "create index audit_refusals on audit (user, at) where kind = 'refusal'",
    """create trigger audit_is_not_changed before update on audit
        begin select raise(abort, 'audit rows are never changed'); end""",
    """create trigger audit_is_not_shortened before delete on audit
        begin select raise(abort, 'audit rows are never removed'); end""",
    # `insert or replace` removes a row without asking the trigger above.
    """create trigger audit_grows_at_its_end before insert on audit
        when new.seq is not (select coalesce(max(seq), 0) + 1 from audit)
        begin select raise(abort, 'audit rows are only appended'); end""",
)

# In a table without rowid a value of about a kilobyte spills into an overflow page that it has for itself.
_THIRD = (
    """create table kept_values (
        thread_id text not null, checkpoint_id text not null, key text not null, base text, data text not null)""",
    """insert into kept_values select thread_id, checkpoint_id, key, base, data from state_values""",
    "drop table state_values",
    "alter table kept_values rename to state_values",
    "create unique index state_values_place on state_values (thread_id, checkpoint_id, key)",
    # What is in a task of the root graph is found by its scope, which begins with that task's id.
    "drop index interrupts_of_root",
    "drop index tasks_of_root",
    "drop index tasks_of_thread",
    "drop index claims_of_root",
    # Small rows that are looked up by their key stand in the key's own tree: one page less to walk, and to fill.
    """create table kept_owners (
        id text primary key, host text not null, pid integer not null, process_started text, expires_at real not
        null) without rowid""",
    "insert into kept_owners select id, host, pid, process_started, expires_at from owners",
    "drop table owners",
    "alter table kept_owners rename to owners",
    """create table kept_threads (
        thread_id text primary key,
        status text not null check (status in ('idle', 'running', 'waiting', 'failed', 'done')),
        owner text, fence integer not null default 0,
        version integer not null default 0,
        created_at real not null, updated_at real not null) without rowid""",
    """insert into kept_threads select thread_id, status, owner, fence, version, created_at, updated_at
       from threads""",
    "drop table threads",
    "alter table kept_threads rename to threads",
    "create index threads_running on threads (status) where status = 'running'",
    """create table kept_posts (
        subject text primary key, thread_id text not null, channel text not null, ts text,
        shown text, posted_at real) without rowid""",
    "insert into kept_posts select subject, thread_id, channel, ts, shown, posted_at from posts",
    "drop table posts",
    "alter table kept_posts rename to posts",
    "create index posts_of_thread on posts (thread_id)",
    """create table kept_conversations (
        thread_id text primary key, team text not null, channel text not null, thread_ts text not null,
        shown_version integer not null default -1) without rowid""",
    "insert into kept_conversations select thread_id, team, channel, thread_ts, shown_version from conversations",
    "drop table conversations",
    "alter table kept_conversations rename to conversations",
)

_FOURTH = (
    # The questions about a tool call, however many the thread has asked.
    "create index interrupts_of_call on interrupts (json_extract(payload, '$.tool_call_id'))",
    "alter table conversations add column shower text",
    "alter table conversations add column shower_fence integer not null default 0",
    "alter table conversations add column outdated integer not null default 0",
    "update conversations set outdated = 1",
    "create index conversations_outdated on conversations (thread_id) where outdated",
    # So that a look at what is to be shown reads what changed, and not every conversation there ever was.
    """create trigger threads_outdate_on_insert after insert on threads begin
        update conversations set outdated = 1 where thread_id = new.thread_id and not outdated; end""",
    """create trigger threads_outdate_on_update after update of version on threads begin
        update conversations set outdated = 1 where thread_id = new.thread_id and not outdated; end""",
)

_PLACES = (
    "alter table conversations add column refused text",
    "alter table conversations add column link text",
    "alter table posts add column thread_ts text not null default ''",
    "alter table posts add column refused text",
    "alter table posts add column opening text",
    # What stood in its conversation stood in its thread; a copy, outside of threads.
    """update posts set thread_ts = coalesce((select c.thread_ts from conversations c
        where c.thread_id = posts.thread_id and c.channel = posts.channel), '')""",
    # Of a click, or of an answer in a thread, it is asked whether the message is a post of ours.
    "create index posts_by_message on posts (channel, ts)",
)

_CUT_SHORT = (
    # How often in a row the thread's run was cut short by the end of its process, and where.
    "alter table threads add column cut_short integer not null default 0",
    "alter table threads add column cut_short_at text",
)

# What is on record of a question is looked up before what it asked about runs.
_AUDIT_OF_QUESTION = ("create index audit_of_question on audit (interrupt_id) where interrupt_id is not null",)

_SEEN = (
    # The request that a thread be stopped, until whoever runs it has done that.
    "alter table threads add column halted text",
    "create index threads_halted on threads (thread_id) where halted is not null",
    "create index inbox_stops on inbox (seq) where status = 'received' and kind = 'stop'",
    """create table homes (
        user text primary key, channel text not null, opened_at real not null,
        shown text, published_at real) without rowid""",
    """create table drafts (
        form text not null, page integer not null, state text not null, at real not null,
        primary key (form, page)) without rowid""",
    """create table feedback (
        thread_id text not null, message_id text not null, user text not null, helped integer not null,
        at real not null, primary key (message_id, user)) without rowid""",
    "create index feedback_of_thread on feedback (thread_id, at)",
    """create table attachments (
        interrupt_id text not null, subject text not null, thread_id text not null, refused text, at real not null,
        primary key (interrupt_id, subject)) without rowid""",
    # What somebody decided, or asked for and was decided, newest first.
    "create index interrupts_by_decider on interrupts (answered_by, answered_at) where answered_by is not null",
    "create index interrupts_by_requester on interrupts (requester, answered_at) where answered_at is not null",
    "create index interrupts_timed_out on interrupts (requester, expires_at) where status = 'expired'",
    "create index votes_of_user on votes (user)",
    "create index inbox_of_user on inbox (user, channel)",
)

_MODELS_AND_SERVERS = (
    # What each of the model's replies took, for whom. A reply that is asked for again after a crash has the same id.
    # It is read by day, and the days stand together: so it needs no index.
    """create table usage (
        message_id text not null, thread_id text not null, person text, day text not null, model text not null,
        prompt_tokens integer not null, completion_tokens integer not null,
        primary key (day, message_id)) without rowid""",
    # A server's tool as it may be used (`definition`), and as its server describes it now, where that differs.
    """create table pins (
        server text not null, tool text not null, digest text not null, definition text not null, seen_at real not null,
        changed_digest text, changed text, changed_at real, decided_by text, decided_at real,
        primary key (server, tool)) without rowid""",
    # What a tool returned and a model is not told in full: pictures, files, and the whole of long texts.
    """create table kept_results (
        thread_id text not null, call_id text not null, number integer not null, name text not null,
        media_type text not null, data blob not null, at real not null, shown_in text,
        primary key (thread_id, call_id, number)) without rowid""",
)

# What the tasks of the step before a checkpoint came to, by where that stands in its state.
_RESULTS = ("alter table checkpoints add column results text",)

_IN_COMMON = (
    # The tool call that a question is about: the JSON text of the id that its payload names.
    "alter table interrupts add column call text",
    "drop index interrupts_of_call",
    """update interrupts set call = payload -> '$.tool_call_id'
        where json_extract(payload, '$.tool_call_id') is not null""",
    "create index interrupts_of_call on interrupts (call)",
    "drop index conversations_outdated",
    "create index conversations_outdated on conversations (thread_id) where outdated = 1",
)

# What is deleted with a thread, however much there is of others.
_OF_THREAD = (
    # Of what was read alone: one over all rows would be taken for what is still to be read, too.
    "create index inbox_done on inbox (thread_id) where status = 'done'",
    "create index usage_of_thread on usage (thread_id)",
)

# Who publishes somebody's Home, of several bots.
_HOME_SHOWERS = ("alter table homes add column shower text",)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    *(_FIRST, _SECOND, _THIRD, _FOURTH, _CUT_SHORT, _AUDIT_OF_QUESTION, _PLACES),
    *(_SEEN, _MODELS_AND_SERVERS, _RESULTS, _IN_COMMON, _OF_THREAD, _HOME_SHOWERS),
)


def migrate(db: Connection, to: int | None = None) -> None:
    """Bring the file up to this version, or to the version `to`, in the caller's transaction."""
    version = db.execute("pragma user_version").fetchone()[0]
    for number, statements in enumerate(MIGRATIONS[version:to], start=version + 1):
        for statement in statements:
            db.execute(statement)
        db.execute(f"pragma user_version = {number}")
    db.execute(f"pragma application_id = {APPLICATION_ID}")
