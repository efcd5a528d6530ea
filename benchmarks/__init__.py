"""How fast Signoff is, next to LangGraph and to a bot written on it in an afternoon: `make bench`.

Everything is measured in one run, ours and theirs in turn, so that what else the machine does falls on both; what
counts is the ratio. A commit of plain SQLite is timed in between (`Canary`): when that drifts, the machine did.

`contenders` says what both runtimes are called by, `shapes` holds the graphs that both build with the same code,
`runtime` measures them, `conversation` follows one long thread, `imports` times starting up. `bot` measures whole bots
as processes: `stage` starts them, `driver` plays the people, `agent` is what they can do, and `naive_bot` is the other
one. `report` has the targets and makes the table, `plots` draws. Nothing here is a test: what can be counted is counted
in `tests`, what is timed never is.
"""
