"""The demo's model: a script that speaks OpenAI's Chat Completions wire on loopback, without a key.

It knows no tool. Its rules work over the tools it is sent (names, descriptions, JSON Schemas) and over the person's
words: every value it passes stands in what the person wrote. `server.py` is the wire, `brain.py` the rules, `script.py`
plays exact dialogues instead.
"""

from bot.demo.model.server import Model, serve_model

__all__ = ["Model", "serve_model"]
