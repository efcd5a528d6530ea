"""`docs/observability.md` names what there is: each field, span, attribute, figure, label and word, and no other."""

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

from bot.inbound import delivery_ids
from bot.json_logs import ERROR_FIELDS, FIELDS
from bot.observing import spans, turns
from bot.observing.figures import QUESTIONS, Figures
from bot.observing.models import UNFINISHED
from graphs.models.errors import Trouble
from graphs.texts.log_ids import LogId
from storage import waits
from storage.events import EffectOver, WaitBegun, WaitOver
from storage.ids import InterruptId, ThreadId
from storage.waits import Waiting

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/observability.md").read_text("utf-8")


def table(first: str) -> list[list[list[str]]]:
    """The table whose first column is called so: of each row and cell, what stands in backticks."""
    _, _, below = PAGE.partition(f"| {first} |")
    rows = below.split("\n\n")[0].splitlines()[2:]
    return [[re.findall(r"`([^`]+)`", cell) for cell in row.strip("|").split("|")] for row in rows]


def named(first: str) -> list[str]:
    return [name for row in table(first) for name in row[0]]


def figures() -> Figures:
    """Each figure has a sample."""
    found = Figures()
    found.happened(WaitBegun("question"))
    found.happened(WaitOver(InterruptId("i"), ThreadId("t"), "question", "answered", 0.0, 1.0))
    found.happened(EffectOver(ThreadId("t"), "pay", "call_1", "done", 0.0, 1.0))
    found.look([Waiting("question", 1, 0.0)], 1.0)
    found.model_called("", 1.0)
    found.slack_called("auth.test", "")
    found.delivered("event", 200)
    found.turns.labels("finished").inc()
    return found


def samples() -> dict[str, set[str]]:
    """Names of all samples, with their labels."""
    found: dict[str, set[str]] = {}
    for family in figures().registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_the_fields_of_the_log() -> None:
    assert sorted(named("field")) == sorted([*FIELDS, *get_args(LogId)])
    (error,) = (row[1] for row in table("field") if row[0] == ["error"])
    assert tuple(error) == ERROR_FIELDS


def test_the_spans_and_their_attributes() -> None:
    names = {name.partition(" MODEL")[0].partition(" TOOL")[0] for name in named("span")}
    assert names == {spans.TURN, spans.CHAT, spans.EXECUTE_TOOL, spans.WAIT}
    set_ = set(re.findall(r'"((?:gen_ai|signoff|error)\.[a-z_.]+)"', inspect.getsource(spans)))
    assert sorted(named("attribute")) == sorted(set_)


def test_the_figures_and_their_labels() -> None:
    ours = {name: labels for name, labels in samples().items() if name.startswith("signoff_")}
    plain = {re.sub(r"_(bucket|count|sum)$", "", name): labels - {"le"} for name, labels in ours.items()}
    plain = {name: labels for name, labels in plain.items() if not name.endswith("_created")}
    assert {row[0][0]: set(row[1]) for row in table("figure")} == plain


def test_the_words_in_them() -> None:
    _, _, below = PAGE.partition("A `kind` of question is")
    kinds, _, outcomes = below.partition("An edit whose")[0].partition("An `outcome` of one is")
    assert set(re.findall(r"`([^`]+)`", kinds)) == set(QUESTIONS)
    assert set(re.findall(r"`([^`]+)`", outcomes)) == set(waits.OUTCOMES)
    of = {row[0][0]: set(row[2]) for row in table("figure")}
    assert of["signoff_turns_total"] == set(get_args(turns.Outcome))
    assert of["signoff_model_calls_total"] == {*get_args(Trouble), UNFINISHED}
    assert of["signoff_deliveries_total"] == set(get_args(delivery_ids.Kind))


def test_the_alerts_ask_for_figures_that_there_are() -> None:
    alerts = PAGE.partition("```yaml")[2]
    asked = re.findall(r"(signoff_\w+)(?:\{([^}]*)\})?", alerts)
    known = samples()
    assert len(asked) >= 7
    for name, selector in asked:
        assert name in known
        assert set(re.findall(r"(\w+)[=!]", selector)) <= known[name]


def test_what_is_off_is_not_imported() -> None:
    """OpenTelemetry costs nothing where nobody wants it, and the figures only where a bot runs."""
    look = "print(sorted({'opentelemetry', 'prometheus_client'} & {each.partition('.')[0] for each in sys.modules}))"
    for imported, there in (("bot.cli, graphs, storage", "[]"), ("bot.run", "['prometheus_client']")):
        program = f"import sys, {imported}; {look}"
        said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
        assert said.stdout.strip() == there
