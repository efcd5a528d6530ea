"""Four ways to have a person in the loop, each a graph that reads as an example.

`approve_or_reject` before a critical step, `review_and_edit` a draft, `review_tool_calls` before they run, and
`validate_input` until it is valid. Each file has a `build(checkpointer)`, and the same as a conversation: a `graph`, to
be put behind the bot. `step_by_step` is one with a breakpoint.
"""
