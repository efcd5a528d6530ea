"""The demo model's rules in one function: a transcript and tools in, one reply out, always the same one."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.demo.model import phrases
from bot.demo.model.plan import Action, Plan, make_plan
from bot.demo.model.reply import Call, Reply
from bot.demo.model.results import Outcome, read_outcome
from bot.demo.model.schema import Tool, read_tool
from bot.demo.model.transcript import Made, Message, has_spoken, is_made, last_user, made_calls, text_of


def decide(messages: Sequence[Message], functions: Sequence[Mapping[str, Any]]) -> Reply:
    """The next assistant message: look-ups that are due, then the calls that are asked for, then what came of them."""
    tools = [read_tool(function) for function in functions]
    first = not has_spoken(messages)
    index = last_user(messages)
    if index is None:
        return Reply(phrases.introduced(phrases.capabilities(tools), first=first))
    plan = make_plan(*request_texts(messages, index), tools)
    made = made_calls(messages[index + 1 :])
    if plan.missing and not made:
        return Reply(phrases.introduced(phrases.ask_back(plan.missing), first=first))
    if lookups := due_lookups(plan, made):
        return Reply(None, tuple(lookups))
    if actions := due_actions(plan, made, tools):
        news = news_before(made, tools)
        return Reply(phrases.introduced(news, first=first) if news else None, tuple(actions))
    text = tell_all(made, tools) or answer_without_calls(messages, index, plan, tools)
    return Reply(phrases.introduced(text, first=first))


def request_texts(messages: Sequence[Message], index: int) -> tuple[list[str], list[str]]:
    """The user message at `index`, after those it completes (the assistant asked back); and the ones before them."""
    texts = [text_of(messages[index])]
    while index >= 2 and phrases.is_ask_back(text_of(messages[index - 1])) and messages[index - 2]["role"] == "user":
        index -= 2
        texts.insert(0, text_of(messages[index]))
    return texts, [text_of(message) for message in messages[:index] if message["role"] == "user"]


def due_lookups(plan: Plan, made: Sequence[Made]) -> list[Call]:
    """The look-ups that no call of this turn has made yet, each once."""
    wanted: list[Call] = []
    for action in plan.actions:
        if action.lookup and not is_made(action.lookup, made) and action.lookup not in wanted:
            wanted.append(action.lookup)
    return wanted


def due_actions(plan: Plan, made: Sequence[Made], tools: Sequence[Tool]) -> list[Call]:
    """The calls that are asked for, not made yet, and not ruled out by their look-up."""
    due: list[Call] = []
    for action in plan.actions:
        if not is_made(action.call, made) and action.call not in due and may_go_on(action, made, tools):
            due.append(action.call)
    return due


def may_go_on(action: Action, made: Sequence[Made], tools: Sequence[Tool]) -> bool:
    """Whether the look-up before an action, if there is one, found something."""
    past = is_made(action.lookup, made) if action.lookup else None
    return past is None or outcome_of(past, tools).happened


def outcome_of(past: Made, tools: Sequence[Tool]) -> Outcome:
    return read_outcome(past.result, tool_named(past.name, tools))


def tool_named(name: str, tools: Sequence[Tool]) -> Tool | None:
    return next((tool for tool in tools if tool.name == name), None)


def news_before(made: Sequence[Made], tools: Sequence[Tool]) -> str:
    """What the look-ups of this turn found, said before the calls that follow from it."""
    return "\n".join(line_for(past, tools) for past in made if is_lookup(past, tools))


def tell_all(made: Sequence[Made], tools: Sequence[Tool]) -> str:
    """What came of the calls of this turn; look-ups that were told before the acting calls are not told again."""
    acted = any(not is_lookup(past, tools) for past in made)
    told = [past for past in made if not acted or not is_lookup(past, tools) or not outcome_of(past, tools).happened]
    return "\n".join(line_for(past, tools) for past in told)


def is_lookup(past: Made, tools: Sequence[Tool]) -> bool:
    tool = tool_named(past.name, tools)
    return bool(tool and tool.is_lookup)


def line_for(past: Made, tools: Sequence[Tool]) -> str:
    tool = tool_named(past.name, tools)
    label = tool.label if tool else past.name
    return phrases.tell(label, outcome_of(past, tools), lookup=is_lookup(past, tools))


def answer_without_calls(messages: Sequence[Message], index: int, plan: Plan, tools: Sequence[Tool]) -> str:
    """What to say when nothing is asked for."""
    if plan.declined:
        return phrases.declined()
    return phrases.small_talk(text_of(messages[index]), tools) or phrases.not_understood(tools)
