"""`storage ← graphs ← bot`, one home for every outside package, and a planted violation that turns each rule red."""

from pathlib import Path

import pytest

from tests.import_rules import HOMES, LAYERS, violations

ROOT = Path(__file__).parents[1]


def sources() -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for room in ("bot", "graphs", "storage", "tests")
        for path in sorted((ROOT / room).rglob("*.py"))
    }


def test_the_tree_keeps_the_rules() -> None:
    found = sources()
    assert {"storage/database.py", "graphs/errors.py", "bot/settings.py"} <= found.keys()
    assert violations(found) == []


LAYER_VIOLATIONS = {
    "storage knows neither graphs nor bot": {"storage/rows.py": "from graphs.errors import GraphError"},
    "graphs knows nothing of bot": {"graphs/agent/tool_node.py": "def f():\n    import bot.shown.cards"},
    "the product knows nothing of its tests": {"bot/shown/cards.py": "import tests.helpers"},
    "the runtime knows storage and validation, and no agent": {
        "graphs/runtime/runner.py": "from ..agent import tools",
        "graphs/agent/tools.py": "",
    },
    "models know texts and errors, and no agent": {
        "graphs/models/chat.py": "from graphs.agent.tools import Tool",
        "graphs/agent/tools.py": "",
    },
    "texts know nothing of what they are about": {"graphs/texts/canonical.py": "from graphs.errors import GraphError"},
    "the local workspace imports nothing of the rest": {"bot/demo/workspace/store.py": "from bot import cards"},
    "the demo's model imports nothing of the rest": {"bot/demo/model/brain.py": "import graphs"},
    "only the demo and the tour know the local workspace": {
        "bot/shown/cards.py": "from bot.demo.workspace.limits import LIMIT"
    },
    "the tour speaks the workspace's HTTP API, as a page does": {
        "bot/demo/tour.py": "from storage import open_storage"
    },
    "the stories speak the workspace's HTTP API, as a page does": {
        "tests/stories/test_refund.py": "from tests.helpers import orders",
        "tests/helpers.py": "import graphs",
    },
}


def test_every_rule_has_its_planted_violation() -> None:
    assert LAYER_VIOLATIONS.keys() == {rule.name for rule in LAYERS}


@pytest.mark.parametrize("rule", LAYER_VIOLATIONS)
def test_a_planted_violation_is_found(rule: str) -> None:
    assert [rule in line for line in violations(LAYER_VIOLATIONS[rule])] == [True]


@pytest.mark.parametrize("package", sorted(HOMES.keys() - {"pydantic", "pydantic_core"}))
def test_a_package_outside_its_home_is_found(package: str) -> None:
    elsewhere = {
        f"{room}/planted.py": f"import {package}.inner"
        for room in ("storage", "graphs", "graphs/agent", "bot", "bot/demo/workspace")
        if not HOMES[package](f"{room.replace('/', '.')}.planted")
    }
    found = violations(elsewhere)
    assert elsewhere
    for path in elsewhere:
        assert any(line.startswith(f"{path}:1: imports {package}.inner ({package} has another home)") for line in found)


def test_a_package_without_a_home_is_found() -> None:
    assert violations({"bot/cards.py": "import requests"}) == [
        "bot/cards.py:1: imports requests (requests has no home in HOMES)"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "import os\nTOKEN = os.environ['TOKEN']",
        "import os\nTOKEN = os.getenv('TOKEN')",
        "\nfrom os import environ",
    ],
)
def test_reading_the_environment_outside_the_settings_is_found(source: str) -> None:
    assert violations({"bot/cli.py": source}) == ["bot/cli.py:2: reads the environment (only settings does)"]
    assert violations({"bot/settings.py": source, "bot/demo/stage.py": source, "tests/test_cli.py": source}) == []


@pytest.mark.parametrize(
    "back",
    [
        "from bot.cards import card",
        "from bot import cards",
        "from . import cards",
        "from .cards import card",
        "def late():\n    from bot.cards import card",
        "import importlib\nimportlib.import_module('bot.cards')",
    ],
)
def test_a_cycle_is_found(back: str) -> None:
    planted = {"bot/cards.py": "import bot.forms", "bot/forms.py": back}
    assert [line.endswith("a cycle of imports") for line in violations(planted)] == [True]


def test_a_cycle_through_the_package_is_found() -> None:
    planted = {"storage/__init__.py": "from storage.rows import Row", "storage/rows.py": "from storage import Row"}
    assert [line.endswith("a cycle of imports") for line in violations(planted)] == [True]


def test_imports_for_the_type_checker_may_be_circular_but_keep_the_layers() -> None:
    guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {} import Row"
    assert (
        violations({"storage/errors.py": guarded.format("storage.rows"), "storage/rows.py": "import storage.errors"})
        == []
    )
    assert len(violations({"storage/errors.py": guarded.format("graphs.errors")})) == 1
