"""Settings through the real environment and a real `.env`, in a directory of the test's own."""

import contextlib
import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from bot.settings import BadSettings, Settings, load_settings

GOOD = {"SLACK_BOT_TOKEN": "xoxb-1-a", "SLACK_APP_TOKEN": "xapp-1-b", "OPENAI_API_KEY": "sk-c"}
SECRETS = ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "OPENAI_API_KEY"]


@pytest.fixture(autouse=True)
def empty_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def load(**variables: str) -> Settings:
    """Settings under exactly these variables, which are gone again afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        return load_settings()


def problems(**variables: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load(**variables)
    assert str(caught.value) == "\n".join(caught.value.problems)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None  # pydantic's error holds the values
    return caught.value.problems


def test_what_has_to_be_set_is_little() -> None:
    found = load(**GOOD)
    assert found.slack_bot_token.get_secret_value() == "xoxb-1-a"
    assert found.slack_app_token == SecretStr("xapp-1-b")
    assert found.openai_api_key.get_secret_value() == "sk-c"
    assert found.model_dump(exclude={"slack_bot_token", "slack_app_token", "openai_api_key"}) == {
        "slack_signing_secret": None,
        "port": 3000,
        "slack_api_url": "https://slack.com/api/",
        "openai_base_url": None,
        "openai_model": "gpt-5-mini",
        "llm_api": "auto",
        "database_url": "sqlite:///signoff.db",
        "signoff_agent": "graphs.sample.support_desk:agent",
        "signoff_config": None,
        "signoff_users": frozenset(),
        "log_level": "INFO",
        "log_format": "text",
        "otel_exporter_otlp_endpoint": None,
        "otel_traces_exporter": None,
    }


def test_everything_that_is_missing_is_said_at_once_with_where_to_get_it() -> None:
    assert problems() == [
        "SLACK_BOT_TOKEN is missing. The bot's token, starts with xoxb-. From Slack's app settings: "
        "OAuth & Permissions → Bot User OAuth Token.",
        "SLACK_APP_TOKEN is missing, and there is no SLACK_SIGNING_SECRET either. For Socket Mode (no public address "
        "needed), starts with xapp-. From Slack's app settings: Basic Information → App-Level Tokens, with the scope "
        "connections:write.",
        "OPENAI_API_KEY is missing. The key for the model, from its provider. OpenAI: platform.openai.com → API keys.",
    ]


def test_a_signing_secret_takes_the_place_of_the_app_token() -> None:
    found = load(**GOOD | {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "0123456789abcdef", "PORT": "8080"})
    assert found.slack_app_token is None
    assert found.slack_signing_secret == SecretStr("0123456789abcdef")
    assert found.port == 8080


def test_a_bad_signing_secret_is_one_problem_and_not_two() -> None:
    (problem,) = problems(**GOOD | {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "two words"})
    assert problem.startswith("SLACK_SIGNING_SECRET is cut short, or contains a space")


def test_the_file_env_is_read_and_the_environment_wins() -> None:
    lines = [f"{name}={value}" for name, value in GOOD.items()]
    Path(".env").write_text("\n".join([*lines, "OPENAI_MODEL=from-file", "LOG_LEVEL=", "UNRELATED=1"]), "utf-8")
    assert load().openai_model == "from-file"
    assert load().log_level == "INFO"
    assert load(OPENAI_MODEL="from-environment").openai_model == "from-environment"


def test_an_unreadable_file_env_is_a_problem_and_no_traceback() -> None:
    Path(".env").write_bytes(b"OPENAI_MODEL=\xff\xfe")
    (problem,) = problems(**GOOD)
    assert problem.startswith(".env cannot be read: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_env_of_another_user_is_a_problem_and_no_traceback() -> None:
    Path(".env").touch()
    Path(".env").chmod(stat.S_IWUSR)
    (problem,) = problems(**GOOD)
    assert problem.startswith(".env cannot be read: ")


@pytest.mark.parametrize(
    ("variable", "value", "what"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1-b", "does not start with xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxb-", "is cut short"),
        ("SLACK_BOT_TOKEN", "xoxb-a ", "is cut short, or contains a space"),
        ("SLACK_APP_TOKEN", "xoxb-1-a", "does not start with xapp-"),
        ("OPENAI_API_KEY", "sk-\u201cc\u201d", "is cut short, or contains a space or another character"),
        ("PORT", "0", "is '0'"),
        ("PORT", "65536", "is '65536'"),
        ("PORT", "http", "is 'http'"),
        ("LOG_LEVEL", "chatty", "is 'CHATTY'"),
        ("LLM_API", "soap", "is 'soap'"),
        ("DATABASE_URL", "postgres://host/name", "is 'postgres://host/name'"),
        ("DATABASE_URL", "sqlite:/signoff.db", "is 'sqlite:/signoff.db'"),
        ("DATABASE_URL", "postgres://me:hunter2@host", "is not what is expected"),
        ("DATABASE_URL", "postgres://host/name?password=hunter2", "is not what is expected"),
        ("DATABASE_URL", "postgresql://me:hunter2@host:http/name", "has a sign in its name or password that ends it"),
        ("DATABASE_URL", "postgresql://me:hunter2@host:70000/name", "has a port that is none"),
        ("DATABASE_URL", "postgresql://me:hunter2@more@host/name", "has a sign in its name or password that ends it"),
        ("DATABASE_URL", "postgresql://me:hunter2/more@host/name", "has a sign in its name or password that ends it"),
        ("DATABASE_URL", "postgresql://me:hunter2?more@host/name", "has a sign in its name or password that ends it"),
        ("DATABASE_URL", "postgresql://me:hunter2#more@host/name", "has a sign in its name or password that ends it"),
        ("DATABASE_URL", "postgresql://me:hunter2%@host/name", "has a % that is not followed by two hex digits"),
        ("DATABASE_URL", "postgresql://me:hunter2@host/name ", "has a space, or a character that is not printed"),
        ("DATABASE_URL", "postgresql://me:hunter2@host/name?sslmode", "has an option behind its ? that is not written"),
        ("SIGNOFF_AGENT", "my_module", "is 'my_module'"),
        ("SIGNOFF_AGENT", "my_module.py:agent()", "is 'my_module.py:agent()'"),
        ("SIGNOFF_AGENT", "xoxb-1-a", "is not what is expected"),
        ("SIGNOFF_USERS", "U0ANA,@lea", "contains not what is expected"),
        ("SIGNOFF_USERS", "U0ANA,lea", "contains 'lea'"),
        ("SLACK_API_URL", "slack.com/api", "is no address like https://host/path"),
        ("SLACK_API_URL", "ftp://slack.com/api/", "is no address like"),
        ("SLACK_API_URL", "https://ana:s3cret@slack.com/api/", "has a name or password before its host"),
        ("OPENAI_BASE_URL", "http://[::1/v1", "is no address like"),
        ("OPENAI_BASE_URL", "http://localhost:99999/v1", "is no address like"),
        ("OPENAI_BASE_URL", "https://host/v1?key=1", "is no address like"),
        ("OPENAI_BASE_URL", "https://ana:hunter2@host/v1", "has a name or password before its host"),
    ],
)
def test_a_wrong_value_is_one_line_with_what_is_expected(variable: str, value: str, what: str) -> None:
    (problem,) = problems(**GOOD | {variable: value})
    assert problem.startswith(f"{variable} {what}")
    assert problem.endswith(f". {Settings.model_fields[variable.lower()].description}")
    assert "\n" not in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgresql:///name?host=/run/postgresql",
        "postgresql://me@host/name?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem",
        "postgresql://me:hunter%402@one:5432,two,[::1]:5433/name?target_session_attrs=read-write",
        "postgresql://me:hun:ter2@host/name?options=-csearch_path%3Dsignoff",
    ],
)
def test_a_server_is_named_as_libpq_takes_it(url: str) -> None:
    found = load(**GOOD, DATABASE_URL=url)
    assert found.database_url == url
    assert conninfo_to_dict(url) is not None, "libpq's own word"
    assert "hun" not in repr(found)


def test_the_databases_password_is_a_secret_as_it_is_written_and_as_it_is_sent() -> None:
    found = load(**GOOD, DATABASE_URL="postgresql://me:hunter%402@host/name?sslpassword=key%2Fword")
    assert {"hunter%402", "hunter@2", "key%2Fword", "key/word"} <= set(found.secrets)
    assert load(**GOOD).secrets == [*GOOD.values()]


def test_a_server_without_its_driver_is_one_line_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)  # as if it could not be imported
    (problem,) = problems(**GOOD | {"DATABASE_URL": "postgresql://me:hunter2@host/name"})
    assert "pip install 'signoff[postgres]'" in problem
    assert "hunter2" not in problem


def test_values_are_taken_as_people_write_them() -> None:
    found = load(
        **GOOD,
        LOG_LEVEL="debug",
        LLM_API="Responses",
        SIGNOFF_USERS=" U0ANA, S0LEADS,,U0ANA ",
        OPENAI_BASE_URL="http://127.0.0.1:8080/v1",
        DATABASE_URL="sqlite://",
        SIGNOFF_AGENT="shop.desk:agent",
    )
    assert (found.log_level, found.llm_api) == ("DEBUG", "responses")
    assert found.signoff_users == {"U0ANA", "S0LEADS"}
    assert found.openai_base_url == "http://127.0.0.1:8080/v1/"
    assert (found.database_url, found.signoff_agent) == ("sqlite://", "shop.desk:agent")


def test_only_the_names_in_capitals_are_read() -> None:
    assert load(**GOOD, openai_model="lower", SIGNOFF_PORT="1").openai_model == "gpt-5-mini"


# No NUL and no lone surrogate: neither can stand in an environment.
ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=6, max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(variable=st.sampled_from(SECRETS), prefix=st.sampled_from(["", "xoxb-", "xapp-"]), secret=ANY_TEXT)
def test_no_message_and_no_repr_shows_a_secret(variable: str, prefix: str, secret: str) -> None:
    marked = f"{prefix}{secret}~secret~"
    with contextlib.suppress(BadSettings):
        assert "~secret~" not in repr(load(**GOOD | {variable: marked}))
    for broken in ({"PORT": "no"}, {"OPENAI_API_KEY": " "}):
        assert "~secret~" not in "\n".join(problems(**GOOD | {variable: marked} | broken))
