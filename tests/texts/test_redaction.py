"""A secret is found in every form that a library may write it in, and nothing else is taken out."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import logging
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Annotated, Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, SecretBytes, SecretStr

from graphs.agent.errors import InvalidArguments, ToolError
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.models.chat import ChatModel
from graphs.models.errors import ModelUnavailable
from graphs.texts.redaction import Redaction, without_secrets_in_use, without_tokens
from storage import Storage
from tests.agent.conversing import THREAD, Talk, calls, says
from tests.models.chat_server import Answer, serve
from tests.support.rows import claims_of

PASSWORD = "p+ss/w\"örd'<&>\n!"

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "repr": repr,
    "JSON": json.dumps,
    "JSON in JSON": lambda secret: json.dumps(json.dumps({"key": secret})),
    "JSON in UTF-8": lambda secret: json.dumps(secret, ensure_ascii=False),
    "bytes": lambda secret: repr(secret.encode()),
    "percent": lambda secret: quote(secret, safe=""),
    "percent with slashes": quote,
    "a form": quote_plus,
    "HTML": html.escape,
    "hex": lambda secret: secret.encode().hex(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "basic authentication": lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(),
    "behind one more": lambda secret: base64.b64encode(f"user1:{secret}@".encode()).decode(),
    "in capitals": str.upper,
    "in ASCII": ascii,
    "percent in small letters": lambda secret: quote(secret, safe="").lower(),
    "XML": lambda secret: secret.encode("ascii", "xmlcharrefreplace").decode(),
    "letters with their accents apart": lambda secret: unicodedata.normalize("NFD", secret),
    "other line ends": lambda secret: secret.replace("\n", "\r\n"),
    "behind two more": lambda secret: base64.b64encode(f"user12:{secret}".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", [PASSWORD, "hunter2-hunter2"])
def test_a_secret_is_found_in_every_form(form: str, secret: str):
    written = FORMS[form](secret)
    said = Redaction([secret])(f"refused: {written}.")
    assert "[hidden]" in said
    inside = written.strip("\"'b=")[6:-6]
    assert inside not in said
    assert said.startswith("refused: ")


@given(st.text(min_size=4, max_size=20).filter(str.strip), st.text(max_size=30), st.text(max_size=30))
def test_nothing_of_it_is_left(secret: str, before: str, after: str):
    assert secret not in Redaction([secret])(f"{before}{secret}{after}").replace("[hidden]", "\0")


@pytest.mark.parametrize(
    ("secrets", "text"),
    [(["abcdef", "defghi"], "abcdefghi"), (["aaaaa"], "aaaaaaa"), (["abcdef", "cdefgh", "efghij"], "abcdefghij")],
)
def test_secrets_that_overlap_leave_nothing_of_one_another(secrets: list[str], text: str):
    assert Redaction(secrets)(f"<{text}>") == "<[hidden]>"


@pytest.mark.parametrize(
    "left", ["a-key**3456", "a-key-0***", "••••3456", "a-key…", "...456", "A-KEY-01***********56", "…0123456"]
)
def test_what_others_leave_of_a_key_is_taken_out(left: str):
    key = "a-key-0123456"
    assert Redaction([key], masked=[key])(f"Incorrect key '{left}' and so on... *really*") == (
        "Incorrect key '[hidden]' and so on... *really*"
    )


def test_short_secrets_are_hidden_as_words_and_empty_ones_are_none():
    assert Redaction(["42"])("42 of 1042, code=42.") == "[hidden] of 1042, code=[hidden]."
    assert Redaction(["", " ", b""])("nothing to hide") == "nothing to hide"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("token xoxb-12-34-abcDEF!", "token [hidden]!"),
        ("xapp-1-A0-99-abc and xoxe.xoxp-1-abcdef", "[hidden] and [hidden]"),
        ("Incorrect API key provided: sk-proj-abc_DEF-123.", "Incorrect API key provided: [hidden]."),
        ("at https://ana:pass@host/v1", "at https://[hidden]@host/v1"),
        ("wss://wss.slack.com/link/?ticket=abc-123&app_id=A1", "wss://wss.slack.com/link/?ticket=[hidden]&app_id=A1"),
        ("GET /v1?api-version=1&api_key=abc HTTP", "GET /v1?api-version=1&api_key=[hidden] HTTP"),
        ("Authorization: Bearer abcdefghijklmnop", "Authorization: [hidden]"),
        ("'x-api-key': 'abcdef12', 'a': 1", "'x-api-key': [hidden]', 'a': 1"),
        ("postgres://u:p@ss@host/db", "postgres://[hidden]@host/db"),
        ("https://host/#access_token=abc", "https://host/#access_token=[hidden]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-D", "[hidden]"),
        ("ghp_abcdefghij0123456789 AKIAIOSFODNN7EXAMPLE", "[hidden] [hidden]"),
        ("https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/[hidden]"),
        ("a basic question about the task-force and mail to a@b.test", None),
        ("https://host/path?page=2 of asks-and-answers", None),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, left: str | None):
    assert without_tokens(text) == (text if left is None else left)


# Where they come from.


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("form", ["as it is", "percent", "basic authentication", "JSON in JSON"])
async def test_a_provider_that_repeats_our_key_is_quoted_without_it(
    status: int, form: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    key = "k3y-of-the-account"
    body = {"error": {"message": f"Refused: {FORMS[form](key)}", "sent": key}}
    async with (
        serve(Answer(status=status, body=body)) as server,
        aclosing(ChatModel(api_key=key, model="m", base_url=server.url, max_retries=0)) as model,
    ):
        with pytest.raises(ModelUnavailable) as error:
            async for _ in model.stream([{"role": "user", "content": "hello"}], ()):
                pass
    logging.getLogger("test").error("failed", exc_info=error.value)
    ours = "".join(each.getMessage() + (each.exc_text or "") for each in caplog.records if each.name == "test")
    told = f"{error.value} {error.value.__cause__!r} {ours} {caplog.text}"
    assert "Refused" in str(error.value.__cause__), "who reads the log learns what it said"
    assert key not in told
    assert FORMS[form](key).strip("=")[10:-6] not in told


class Login(BaseModel):
    name: str
    password: SecretStr


def no_digits(value: SecretStr) -> SecretStr:
    if any(letter.isdigit() for letter in value.get_secret_value()):
        raise ValueError(f"digits in {value.get_secret_value()}")
    return value


def leaking(how: str) -> Tool[..., Any]:
    """A tool whose result, or error, repeats what it was given."""

    @tool(approval=None)
    def leak(key: SecretStr, raw: SecretBytes, login: Login) -> object:
        """Leak."""
        said = [key.get_secret_value(), repr(raw.get_secret_value()), login.password.get_secret_value()]
        match how:
            case "result":
                return f"stored {said}"
            case "structure":
                return {said[0]: said[1:], "encoded": base64.b64encode(said[0].encode()).decode()}
            case "error":
                raise ValueError(f"refused: {said}")
            case "name":
                raise type(said[0], (Exception,), {})
            case "refusal":
                raise ToolError(f"refused: {said}")
            case _:
                try:
                    raise KeyError(said[0])
                except KeyError as error:
                    raise RuntimeError("refused") from error

    return leak


@pytest.mark.parametrize("how", ["result", "structure", "error", "name", "refusal", "chain"])
async def test_a_tool_that_repeats_its_secrets_is_quoted_without_them(
    storage: Storage, how: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    secrets = ["hunter2-key", "hunter3-raw", "hunter4-password"]
    arguments = {"key": secrets[0], "raw": secrets[1], "login": {"name": "Ana", "password": secrets[2]}}
    talk = Talk(storage, [leaking(how)], calls(("leak", arguments)), says("Done."))
    await talk.say("go")
    (told,) = await talk.results()
    recorded = json.dumps([each.result for each in await storage.read(lambda db: claims_of(db, THREAD))])
    for secret in (*secrets, base64.b64encode(secrets[0].encode()).decode()[:12]):
        assert secret not in told
        assert secret not in recorded
        assert secret not in caplog.text
    assert "[hidden]" in told or how == "chain"
    assert how in ("result", "structure") or "leak" in caplog.text


class Log(logging.Handler):
    """What would be written, as the log's formatter sees it: while whoever writes it is at work."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(without_secrets_in_use(record.getMessage()))


@pytest.fixture
def log() -> Iterator[Log]:
    handler = Log()
    logging.getLogger("library").addHandler(handler)
    yield handler
    logging.getLogger("library").removeHandler(handler)


def asks_and_tells(args: Any) -> bool:
    logging.getLogger("library").warning("policy for %s", args.key.get_secret_value())
    return False


@tool(approval=Approval(when=asks_and_tells))
async def fetch(key: SecretStr) -> str:
    """Fetch."""
    write = logging.getLogger("library").warning

    async def begin() -> None:
        write("task with %s", key.get_secret_value())

    write("fetching with %s", key.get_secret_value())
    await asyncio.create_task(begin())
    await asyncio.to_thread(write, "thread with %s", key.get_secret_value())
    return "fetched"


@tool(approval=None)
def read(key: SecretStr) -> str:
    """Read."""
    logging.getLogger("library").warning("reading with %s", key.get_secret_value())
    return "read"


async def test_what_a_tool_or_its_libraries_log_is_without_its_secrets(storage: Storage, log: Log):
    given = {"key": "hunter2-key"}
    talk = Talk(storage, [fetch, read], calls(("fetch", given)), calls(("read", given)), says("Done."))
    await talk.say("go")
    assert log.lines == [
        f"{what} [hidden]" for what in ("policy for", "fetching with", "task with", "thread with", "reading with")
    ]
    logging.getLogger("library").warning("hunter2-key")
    assert log.lines[-1] == "hunter2-key", "nobody else's lines are changed"


async def test_a_policy_that_repeats_a_secret_is_logged_without_it(storage: Storage, caplog: pytest.LogCaptureFixture):
    def when(args: Any) -> bool:
        return int(args.key.get_secret_value()) > 5

    @tool(approval=Approval(when=when))
    async def store(key: SecretStr) -> None:
        """Store."""

    talk = Talk(storage, [store], calls(("store", {"key": "hunter2"})), says("Done."))
    await talk.say("go")
    assert "[hidden]" in caplog.text
    assert "hunter2" not in caplog.text


async def test_a_validator_that_repeats_a_secret_is_quoted_without_it():
    @tool
    async def store(key: Annotated[SecretStr, AfterValidator(no_digits)], note: str = "") -> None:
        """Store."""

    with pytest.raises(InvalidArguments) as error:
        store.validate({"key": "hunter2"})
    assert "digits in [hidden]" in str(error.value)
