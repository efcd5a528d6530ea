"""Row G8 of docs/behaviour.md: a graph as a picture, with the graphs within it."""

import sys
from pathlib import Path
from typing import Any

import pytest

from graphs import END, START, StateGraph
from graphs.errors import LeftOut, RendererMissing
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.drawing import Drawing
from tests.runtime.asking import Log, logs


def line(*names: str) -> CompiledGraph:
    return StateGraph(Log).add_sequence([(name, logs(name)) for name in names]).add_edge(START, names[0]).compile()


def outer() -> CompiledGraph:
    """`a` leads by a router to `sub`, a line of two, or `wide`, which begins and ends in several ways."""
    wide = StateGraph(Log).add_node("p", logs("p")).add_node("q", logs("q")).add_node("deep", line("x", "y"))
    wide.add_conditional_edges(START, lambda state: "p", ["p", "q"]).add_edge("p", "deep")
    builder = StateGraph(Log).add_node("a", logs("a"), metadata={"k": 1}).add_node("sub", line("x", "y"))
    builder.add_node("wide", wide.compile()).add_edge(START, "a").add_edge(["a", "sub"], "wide")
    builder.add_conditional_edges("a", lambda state: "yes", {"yes": "sub", "no": "wide", END: END})
    return builder.compile()


def edges(drawing: Drawing) -> set[tuple[str, str, str | None, bool]]:
    return {(edge.source, edge.target, edge.data, edge.conditional) for edge in drawing.edges}


def test_G8_nodes_and_edges_are_data_and_what_leads_nowhere_ends() -> None:
    drawing = outer().get_graph()
    assert list(drawing.nodes) == [START, "a", "sub", "wide", END]
    assert drawing.nodes["a"].metadata == {"k": 1}
    assert edges(drawing) == {
        (START, "a", None, False),
        ("a", "sub", "yes", True),
        ("a", "wide", "no", True),
        ("a", END, None, True),
        ("a", "wide", None, False),
        ("sub", "wide", None, False),
        ("wide", END, None, False),
    }


@pytest.mark.parametrize("xray", [1, True])
async def test_G8_graphs_within_are_drawn_as_deep_as_is_asked(xray: int | bool) -> None:
    drawing = await outer().aget_graph(xray=xray)
    within = ["wide:deep:x", "wide:deep:y"] if xray is True else ["wide:deep"]
    first, last = within[0], within[-1]
    assert set(drawing.nodes) == {
        START, "a", "sub:x", "sub:y", "wide:__start__", "wide:p", "wide:q", *within, "wide:__end__", END
    }  # fmt: skip
    inside = {("wide:deep:x", "wide:deep:y", None, False)} if xray is True else set[Any]()
    assert edges(drawing) == inside | {
        (START, "a", None, False),
        ("a", "sub:x", "yes", True),
        ("sub:x", "sub:y", None, False),
        ("a", "wide:__start__", "no", True),
        ("a", END, None, True),
        ("a", "wide:__start__", None, False),
        ("sub:y", "wide:__start__", None, False),
        ("wide:__start__", "wide:p", None, True),
        ("wide:__start__", "wide:q", None, True),
        ("wide:p", first, None, False),
        (last, "wide:__end__", None, False),
        ("wide:q", "wide:__end__", None, False),
        ("wide:__end__", END, None, False),
    }


def test_G8_a_graph_within_is_a_box_and_a_label_is_on_its_line() -> None:
    builder = (
        StateGraph(Log).add_node('say "hi"', logs("a"), destinations={"sub": "goes on"}).add_node("sub", line("x"))
    )
    builder.add_edge(START, 'say "hi"')
    assert builder.compile().get_graph(xray=True).draw_mermaid() == (
        "flowchart TD\n"
        '    n0["(start)"]\n'
        '    n1["say #quot;hi#quot;"]\n'
        '    n3["(end)"]\n'
        '    subgraph g0["sub"]\n'
        '        n2["x"]\n'
        "    end\n"
        "    n0 --> n1\n"
        "    n2 --> n3\n"
        '    n1 -. "goes on" .-> n2'
    )


RENDERER = """#!{python}
import sys, pathlib
text, picture = sys.argv[sys.argv.index("-i") + 1], sys.argv[sys.argv.index("-o") + 1]
said = pathlib.Path(text).read_text()
if "broken" in said:
    sys.exit("Parse error on line 2")
pathlib.Path(picture).write_bytes(b"PNG of " + said.encode())
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_G8_a_png_is_drawn_by_the_renderer_on_the_path(path: Path) -> None:
    program = path / "mmdc"
    program.write_text(RENDERER.format(python=sys.executable))
    program.chmod(0o755)
    drawing = line("x").get_graph()
    picture = drawing.draw_mermaid_png(str(path / "graph.png"))
    assert picture == b"PNG of " + drawing.draw_mermaid().encode()
    assert (path / "graph.png").read_bytes() == picture
    with pytest.raises(RendererMissing, match="mmdc did not draw it: Parse error on line 2"):
        line("broken").get_graph().draw_mermaid_png()


def test_G8_without_a_renderer_it_is_said_what_to_install(path: Path) -> None:
    with pytest.raises(RendererMissing, match=r"\(mmdc\) on the PATH: `npm install -g @mermaid-js/mermaid-cli`"):
        line("x").get_graph().draw_mermaid_png()


@pytest.mark.parametrize("name", ["draw_ascii", "print_ascii", "draw_png", "to_json"])
def test_L14_other_pictures_are_left_out(name: str) -> None:
    with pytest.raises(LeftOut, match=rf"Drawing\.{name} is left out: .* draw_mermaid\(\)"):
        getattr(line("x").get_graph(), name)
