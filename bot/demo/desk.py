"""The agent of the demo: the sample's support desk, whose cancellations Lea decides about."""

from graphs.sample.support_desk import support_desk

LEAD = "U0LEA"
"""Lea, in the local workspace."""

agent = support_desk(lead=LEAD)
