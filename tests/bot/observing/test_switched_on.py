"""Where spans go: nowhere, unless somebody says so; and nobody is kept from working by it."""

import logging
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bot.observing.watch import open_spans
from bot.settings import BadSettings, Settings, load_settings, shown_otel_variables

GOOD = {"SLACK_BOT_TOKEN": "xoxb-1-a", "SLACK_APP_TOKEN": "xapp-1-b", "OPENAI_API_KEY": "sk-c"}
ADDRESS = "OTEL_EXPORTER_OTLP_ENDPOINT"
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def nothing_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ, *(each.upper() for each in Settings.model_fields)]:
        if name.startswith("OTEL_") or name.lower() in Settings.model_fields:
            monkeypatch.delenv(name, raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("variables", "goes_to"),
    [
        ({}, "none"),
        ({ADDRESS: ""}, "none"),
        ({ADDRESS: "http://127.0.0.1:4318"}, "otlp"),
        ({ADDRESS: "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, "none"),
        ({"OTEL_TRACES_EXPORTER": "CONSOLE"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp"),
    ],
)
def test_the_standard_variables_switch_it_on(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], goes_to: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.spans_go_to == goes_to
    if goes_to == "none":
        assert open_spans(settings) is None


@pytest.mark.parametrize(("name", "value"), [("OTEL_TRACES_EXPORTER", "zipkin"), (ADDRESS, "collector:4318")])
def test_what_is_not_known_here_is_said(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as caught:
        load_settings()
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name} ")


def test_the_sdk_is_shown_what_stands_in_env_alone_and_only_then(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{ADDRESS}=http://collector:4318\n", "utf-8")
    settings = load_settings()
    with shown_otel_variables(settings):
        assert os.environ[ADDRESS] == "http://collector:4318/"
    assert ADDRESS not in os.environ


WITHOUT = """
import sys
sys.modules["opentelemetry"] = None  # as where it is not installed
import logging; logging.basicConfig(format="%(message)s")
from bot.observing.watch import open_spans
from bot.settings import load_settings
print(open_spans(load_settings()))
"""


def test_without_the_extra_a_line_says_so_and_the_bot_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, "http://127.0.0.1:4318")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    program = textwrap.dedent(WITHOUT)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert ended.stdout == "None\n"
    assert ended.stderr.splitlines() == [
        "no spans are sent, because OpenTelemetry is not installed (import of opentelemetry halted; "
        "None in sys.modules): pip install signoff[otel]"
    ]


def test_of_what_is_tried_again_only_the_failure_is_logged() -> None:
    from bot import logs

    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.configure("DEBUG")
        exporter = logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        assert (exporter.isEnabledFor(logging.WARNING), exporter.isEnabledFor(logging.ERROR)) == (False, True)
    finally:
        logging.captureWarnings(False)
        root.handlers[:] = before
        root.setLevel(level)
