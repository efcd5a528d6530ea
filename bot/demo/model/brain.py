"""The demo model's rules in one function: a transcript and tools in, one reply out, always the same one."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.demo.model import any_agent
from bot.demo.model.outcomes import outcome
from bot.demo.model.small_talk import introduction, small_talk
from bot.demo.model.support_desk import answers, shop
from bot.demo.model.transcript import Made, Message, Reply, last_user, made_calls, text_of


def decide(messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], examples: Sequence[str] = ()) -> Reply:
    """The next assistant message: calls that are asked for, each once a turn, then what came of them.

    The plan is made anew each time, from the messages before the turn's first call that is no look-up; so it is the
    same one each time, and its calls that were made already are as many as the transcript has.
    """
    at_desk = shop.TOOLS.issubset(tool["name"] for tool in tools)
    turn = last_user(messages) + 1
    if not turn:
        return Reply(introduction(tools, examples))
    began = next((i for i in range(turn, len(messages)) if acts(messages[i], at_desk)), len(messages))
    made = made_calls(messages[began:])
    plan = make_plan(messages[:began], tools, examples, at_desk)
    looked = made_calls(messages[turn:began])
    left = [call for call in plan.calls if (call.name, call.arguments) not in [(m.name, m.arguments) for m in looked]]
    if due := tuple(left[len(made) :]):
        return Reply(None if made else plan.text, due)
    over = made or (looked if plan.calls else [])
    return Reply("\n".join(map(told, over))) if over else plan


def acts(message: Message, at_desk: bool) -> bool:
    names = [call["function"]["name"] for call in message.get("tool_calls") or []]
    return bool(names) and not (at_desk and all(name == shop.FIND for name in names))


def told(made: Made) -> str:
    return shop.told(made) or outcome(made, shop.deed(made.name, made.arguments)).text


def make_plan(
    messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], examples: Sequence[str], at_desk: bool
) -> Reply:
    index = last_user(messages)
    text = text_of(messages[index])
    if any_agent.first_word(text) in [tool["name"] for tool in tools] and (reply := any_agent.understand(text, tools)):
        return reply
    if small := small_talk(text, tools, examples):
        return Reply(small)
    earlier = last_user(messages[:index])
    asked = index and any_agent.ASK in text_of(messages[index - 1])
    if asked and earlier >= 0 and not any_agent.best_tool(text, tools):
        text = f"{text_of(messages[earlier])}, {text}"
    reply = answers.answer(messages) if at_desk else None
    others = [tool for tool in tools if not (at_desk and tool["name"] in shop.TOOLS)]
    return reply or any_agent.understand(text, others, examples) or Reply(introduction(tools, examples))
