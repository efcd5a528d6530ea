"""The agent: tools declared beside their policies (`tools`, `policy`), the graph (`agent`), the tool node."""
