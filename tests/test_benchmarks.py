"""What `make bench` prints and installs; how fast anything is, no test says."""

from pathlib import Path

from packaging.requirements import Requirement

from benchmarks import report

ROOT = Path(__file__).parents[1]


def pinned(lock: str) -> set[tuple[str, str]]:
    """The packages of a lock with their versions."""
    lines = [line.partition(" \\")[0] for line in (ROOT / lock).read_text("utf-8").splitlines() if "==" in line]
    return {(each.name, str(each.specifier)) for each in map(Requirement, lines)}


def test_the_table_says_what_was_measured_and_whether_that_is_enough() -> None:
    step = {"signoff": 0.0004, "langgraph": 0.0014}
    file_size = {"signoff": 2.5, "langgraph": 500.0}
    bot = {"per_second": {"signoff": 20.0, "naive": 25.0}, "cpu": {"signoff": 0.05, "naive": 0.04}}
    results = {"runtime": {"figures": {"step": step, "file_size": file_size}}, "bot": {"at_once": {"50": bot}}}
    lines = list(report.rows(results))
    assert [(line.words, line.judged, line.target, line.met) for line in lines] == [
        ("Durable step", "3.50 ×", "≥ 3.00 ×", True),
        ("File after 300 turns of 2 KiB, to its text", "2.50 ×", "≤ 2.00 ×", False),
        ("50 at once: conversations", "0.80 ×", "≥ 1.00 ×", False),
        ("50 at once: processor time each", "50.00 ms", "≤ 60.00 ms", True),
    ]
    table = report.table(lines)
    assert len({len(line) for line in table.splitlines()}) == 1
    assert "langgraph 1.40 ms" in table


def test_a_click_has_less_time_when_few_are_there() -> None:
    bounds = {at_once: {each.figure: each.bound for each in report.conversations(at_once)} for at_once in (50, 200)}
    assert (bounds[50]["acked_p99"], bounds[200]["acked_p99"]) == (0.3, 1.0)


def test_both_locks_agree_on_what_is_in_both() -> None:
    """`make bench` installs the two together."""
    program, benchmarks = pinned("requirements.lock"), pinned("benchmarks/requirements.lock")
    both = {name for name, _ in program} & {name for name, _ in benchmarks}
    assert {"pydantic", "aiosqlite"} <= both
    assert {each for each in program if each[0] in both} == {each for each in benchmarks if each[0] in both}
