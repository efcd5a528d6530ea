"""Only one module of the model knows the support desk, and it imports nothing but the library and aiohttp."""

import ast
import re
import sys
from pathlib import Path

import bot.demo.model

SOURCES = sorted(Path(bot.demo.model.__file__).parent.glob("*.py"))
DOMAIN = re.compile(r"refund|\border|shop|parcel|find_|cancel_|send_|_email|outbox|shipp|deliver", re.IGNORECASE)


def test_one_module_knows_the_desk() -> None:
    assert {file.name for file in SOURCES if DOMAIN.search(file.read_text("utf-8"))} == {"support_desk.py"}


def test_imports() -> None:
    imported: set[str] = set()
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    foreign = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in foreign if not name.startswith("bot.demo.model")} == {"aiohttp"}
