"""What is known of a model's window: from its server, a setting, or a refusal; and what a request takes of it."""

from __future__ import annotations

import asyncio

import pytest

from graphs.models.window import Window

REFUSALS = {
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.": 8192,
    "This model's maximum context length is 4,096 tokens": 4096,
    "the request exceeds the available context size (8192 tokens), try increasing it": 8192,
    'request (9001 tokens) exceeds {"n_prompt_tokens": 9001, "n_ctx": 4096}': 4096,
    "prompt is too long: 201234 tokens > 200000 maximum": 200_000,
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).": 1_048_576,
    "`inputs` must have less than 32768 tokens. Given: 40000": 32_768,
    "This model's maximum prompt length is 131072 but the request contains 140000 tokens.": 131_072,
    "The decoder prompt is longer than the maximum model length of 2048": 2048,
    "The prompt (total length 9001) is too long to fit into the model (context length 8192).": 8192,
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length": 32_768,
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9001": 8193,
    "Request body too large for gpt-4o-mini model. Max size: 8000 tokens.": 8000,
    "Range of input length should be [1, 129024]": 129_024,
    "Invalid request: Your request exceeded model token limit: 8192": 8192,
    "prompt is too long: 9 tokens > 8 maximum": None,
    "The prompt length 9001 is too long": None,
    "Request too large": None,
    "": None,
}


@pytest.mark.parametrize("words", REFUSALS)
def test_a_refusal_that_names_a_size_is_believed(words: str):
    window = Window()
    window.refused(words)
    assert window.size == REFUSALS[words]


def test_until_a_size_is_known_everything_is_taken():
    assert Window().takes(10**9)
    assert Window().longest_result is None


def test_bytes_are_held_against_what_the_provider_counted_last():
    window = Window(10_000)
    assert window.takes(26_000)
    assert not window.takes(27_000)
    window.counted(5_000, 1_000)
    assert window.takes(43_000)
    assert not window.takes(44_000)
    window.counted(1_000, 1_000)
    assert not window.takes(9_000)


def test_what_a_provider_counted_strangely_has_no_part_in_it():
    window = Window(10_000)
    for length, tokens in ((0, 5), (5_000, 0), (5_000, -3)):
        window.counted(length, tokens)
    assert window.takes(26_000)
    window.counted(1, 10_000)
    assert window.takes(8_000)


async def test_the_server_is_asked_once_and_the_smaller_of_both_counts():
    asked: list[int] = []

    async def look() -> int:
        asked.append(1)
        return 8192

    for size, known in ((None, 8192), (128_000, 8192), (4096, 4096)):
        window = Window(size, look)
        window.begin_to_look()
        window.begin_to_look()
        assert window.size == size  # nobody has waited for it
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "context window"))
        assert window.size == known
    assert len(asked) == 3


async def test_a_server_that_does_not_answer_is_given_up():
    never = asyncio.Event()

    async def look() -> int:
        await never.wait()
        return 1

    window = Window(None, look)
    window.begin_to_look()
    await window.aclose()
    assert window.size is None


async def test_a_look_that_fails_changes_nothing():
    async def look() -> int:
        raise OSError("away")

    window = Window(4096, look)
    window.begin_to_look()
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "context window"))
    assert window.size == 4096
