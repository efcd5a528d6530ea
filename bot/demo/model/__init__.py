"""The demo's model: a script that speaks OpenAI's Chat Completions wire on loopback, without a key.

`server.py` is the wire, `brain.py` what it understands: of any agent its tools as they are sent and its examples
(`any_agent.py`, `filling.py`), and everyday sentences at the support desk (`support_desk/`, the only part that knows a
tool: `shop.py`).
"""

from bot.demo.model.server import Model, serve_model

__all__ = ["Model", "serve_model"]
