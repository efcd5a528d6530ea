"""The model's source names nothing of the tools it will be sent, and imports nothing but the library and aiohttp."""

import ast
import re
import sys
from pathlib import Path

import bot.demo.model

SOURCES = sorted(Path(bot.demo.model.__file__).parent.glob("*.py"))
DOMAIN = re.compile(r"refund|\border|shop|parcel|find_|cancel_|send_|_email|outbox|shipp|deliver", re.IGNORECASE)


def test_there_are_sources() -> None:
    assert len(SOURCES) > 10


def test_no_word_of_a_domain() -> None:
    found = [
        (file.name, line) for file in SOURCES for line in file.read_text("utf-8").splitlines() if DOMAIN.search(line)
    ]
    assert found == []


def test_imports() -> None:
    imported = set()
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    foreign = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in foreign if not name.startswith("bot.demo.model")} == {"aiohttp"}
