"""Signoff in Slack: what people see and click, on top of `graphs` and `storage`."""
