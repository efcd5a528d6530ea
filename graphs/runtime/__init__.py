"""The runtime: durable graphs that can ask a person and wait.

One step, and one resume, by the names of the files:

A graph is built in `graph` and becomes a checked `program`; compiled, it is `compiled.CompiledGraph`. A `call` of
`ainvoke` begins in `begin`: what does this input mean for the thread as it stands? One transaction takes the thread
and stores the answer: a new position (`positions`) with the tasks that are due. `runner` then runs a step: each task
by `tasks` (the node, its retries, its routers), all at once. Their writes are merged by the rules in `state`, `step`
says what is due next, and the new position is stored (`checkpoint_writer`). That is a checkpoint, and only a run writes
them.

A node that calls `interrupt` (`asking`) finds the stored answer to its k-th question, or raises `Paused`; one that
calls `once` (`effects`) claims before it begins. `frames` counts what a node asks and begins, also side by side. The
runner stores the question, and when nothing else runs it gives the thread back: no task and no frame of it is left.
What is stored of the tasks in flight is the `ledger`, which a run keeps up from what its own transactions return.

Somebody answers: `answers` holds the answer against the question's schema and stores it where it still waits. A run by
`ainvoke(Command(resume=...))`, or by anyone who takes the thread later, finds a task whose answer has not reached it
and runs its node again from the first line. Tasks that had finished are read from the ledger and not run.

`nested` runs a graph inside a node of another, from its `first_position`; `kept` is where one that keeps its state
finds it, `upward` what one commands the node that called it, `reach` what code says of where it leads. `functional`
writes a flow as one function (`flow_tasks` begins its tasks, whose `futures` it is given; `declared` is what it says of
types, `flow_state` what is stored of it), `blocking` makes the twins for callers without an event loop, `snapshots`
reads a thread and its history, `edits` changes it or forks it from an older checkpoint, `breakpoints` stops at a step's
border, `session` is what all of one run share. `surface` is how callers see the state, `in_flight` how the tasks of a
step stand, `at_work` those of them that run side by side. What a graph declares: the state's `fields` with their
reducers, the `shapes` that classes give it (`hints` reads them), the `context_schema` and the functions' `annotations`;
`messages` are merged by a reducer of their own. `retrying` says what is tried again, `handling` what runs where a node
failed for good. A graph that is `described` tells its schemas and its `drawing`. `left_out` is the one table of what
LangGraph has and this runtime does not.

What is seen on the way: a graph of a run tells it (`telling`, with the shapes in `reports` and `parts`), if anybody
listens (`streams`), and a caller watches in the shape that was asked for (`watching`). What code in a node may ask of
its run is in `context`, what it takes as parameters in `injected`.
"""
