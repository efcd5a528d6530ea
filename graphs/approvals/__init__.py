"""Approvals of tool calls: what they are bound to, who may decide, what may follow what. Pure."""
