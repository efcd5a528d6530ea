"""MCP servers, whose tools are proposed, asked about, and run like those declared in Python."""
