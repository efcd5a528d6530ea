"""What the environment (and a `.env` in the working directory) says: the only place that reads it.

A field is the variable of the same name in capitals. Its description is what the person reads who has to set it: in
`.env.example`, and in the line that says that it is missing or wrong.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.logs import escaped
from storage.urls import is_postgres, passwords, what_is_wrong

ENV_FILE = ".env"


class BadSettings(Exception):
    """The settings cannot be used. Each of `problems` is one line: the variable, what is wrong, where to get it."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = [escaped(problem) for problem in problems]
        super().__init__("\n".join(self.problems))


def _secret(prefix: str = "") -> AfterValidator:
    """Catches another token in this one's place, and a space that was copied along. Never shows the value."""

    def check(value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not text.startswith(prefix):
            raise ValueError(f"does not start with {prefix}")
        if not re.fullmatch(r"[!-~]+", text.removeprefix(prefix)):
            raise ValueError("is cut short, or contains a space or another character that no token has")
        return value

    return AfterValidator(check)


def _http_url(value: str) -> str:
    # The address stays out of the message: it may carry a password.
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s?#]", value):
        raise ValueError("is no address like https://host/path")
    return value.removesuffix("/") + "/"


def _without_password(beside: str) -> AfterValidator:
    """Catches a name and password: a token or a key takes the place in a request where these would be sent."""

    def check(value: str) -> str:
        if "@" in urlsplit(value).netloc:
            raise ValueError(f"has a name or password before its host, which cannot be sent beside {beside}")
        return value

    return AfterValidator(check)


def _ids(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def database_url(value: str) -> str:
    """The URL, if a database can be meant by it. Raises ValueError with a clause about it, without a password."""
    if re.fullmatch(r"sqlite://(/.+)?", value):
        return value
    if not is_postgres(value):
        raise ValueError(f"is {_shown(value)}")
    if (wrong := what_is_wrong(value)) is not None:
        raise ValueError(wrong)
    if find_spec("psycopg") is None:
        raise ValueError("names PostgreSQL, whose driver is not installed: pip install 'signoff[postgres]'")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
UserOrGroup = Annotated[str, Field(pattern=r"^[UWS][A-Z0-9]{2,}$")]
DatabaseUrl = Annotated[str, AfterValidator(database_url)]
AgentPath = Annotated[str, Field(pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*$")]
LlmApi = Literal["auto", "responses", "chat"]
AnySettings = TypeVar("AnySettings", bound=BaseSettings)
LogFormat = Literal["text", "json"]
Exporter = Literal["otlp", "console", "none"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class DatabaseSettings(BaseSettings):
    """Where everything durable is: all that a command needs which only looks into it."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,  # a line of .env.example left as it is means: not set
        alias_generator=str.upper,
        case_sensitive=True,
        extra="ignore",  # a .env may serve other programs too
        hide_input_in_errors=True,
        frozen=True,
    )

    database_url: DatabaseUrl = Field(
        default="sqlite:///signoff.db",
        repr=False,  # it may have a password in it
        description="What holds everything durable. A SQLite file: sqlite:///relative.db, sqlite:////absolute.db, or "
        "sqlite:// for one in memory. For several bots on several machines PostgreSQL, with libpq's own options: "
        "postgresql://user:password@host/database?sslmode=verify-full (needs the extra signoff[postgres]).",
    )

    @property
    def secrets(self) -> list[str]:
        """Those that nothing may show."""
        values = [getattr(self, name) for name in type(self).model_fields]
        tokens = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        return tokens + passwords(self.database_url)


class HostSettings(DatabaseSettings):
    """What is hosted."""

    signoff_agent: AgentPath = Field(
        default="graphs.sample.support_desk:agent",
        description="Your agent or graph as module:attribute, imported from the working directory or PYTHONPATH. "
        "Default: the sample agent, a support desk.",
    )
    signoff_config: Path | None = Field(
        default=None,
        description="The file with agents by channel, rules for calls, MCP servers and admins. "
        "Default: signoff.toml, where it exists.",
    )


class Settings(HostSettings):
    """Everything that `signoff run` is told from outside."""

    slack_bot_token: Annotated[SecretStr, _secret("xoxb-")] = Field(
        description="The bot's token, starts with xoxb-. "
        "From Slack's app settings: OAuth & Permissions → Bot User OAuth Token."
    )
    slack_signing_secret: Annotated[SecretStr, _secret()] | None = Field(
        default=None,
        description="For HTTP mode, which is chosen when there is no app token. "
        "From Slack's app settings: Basic Information → App Credentials → Signing Secret.",
    )
    slack_app_token: Annotated[SecretStr, _secret("xapp-")] | None = Field(
        default=None,
        validate_default=True,
        description="For Socket Mode (no public address needed), starts with xapp-. "
        "From Slack's app settings: Basic Information → App-Level Tokens, with the scope connections:write.",
    )
    port: int = Field(
        default_factory=lambda: 3000,  # and not `default`, which `.env.example` would set: see `serves`
        ge=1,
        le=65535,
        description="The port that HTTP mode listens on: 1 to 65535, default: 3000. "
        "With Socket Mode, which needs none: where /healthz, /readyz and /metrics are, if it is set.",
    )
    slack_api_url: Annotated[HttpUrl, _without_password("Slack's token")] = Field(
        default="https://slack.com/api/",
        description="Where Slack's Web API is. Change it only to talk to something else that speaks it.",
    )
    openai_api_key: Annotated[SecretStr, _secret()] = Field(
        description="The key for the model, from its provider. OpenAI: platform.openai.com → API keys."
    )
    openai_base_url: Annotated[HttpUrl, _without_password("OPENAI_API_KEY")] | None = Field(
        default=None,
        description="Where the model is, for another provider that speaks one of OpenAI's interfaces: "
        "see docs/models.md. Default: OpenAI.",
    )
    openai_model: str = Field(default="gpt-5-mini", description="The model's name, as its provider writes it.")
    llm_api: Annotated[LlmApi, BeforeValidator(str.lower)] = Field(
        default="auto",
        description="Which of OpenAI's interfaces the model speaks: responses, chat, or auto, "
        "which is responses at OpenAI and Azure, chat elsewhere, and the other one where the server says so.",
    )
    signoff_users: Annotated[frozenset[UserOrGroup], NoDecode, BeforeValidator(_ids)] = Field(
        default=frozenset(),
        description="Who may talk to it: ids of people (U…) and of user groups (S…), with commas between. "
        "Default: the full members of the installed team.",
    )
    log_format: Annotated[LogFormat, BeforeValidator(str.lower)] = Field(
        default="text", description="How a record of the log is written: text, or json, an object a line."
    )
    otel_exporter_otlp_endpoint: HttpUrl | None = Field(
        default=None,
        description="Where OpenTelemetry's collector takes spans over HTTP, as http://host:4318. What else is called "
        "OTEL_… its SDK reads by itself, and from the environment only. Default: no spans.",
    )
    otel_traces_exporter: Annotated[Exporter, BeforeValidator(str.lower)] | None = Field(
        default=None,
        description="Where spans go: otlp, console or none. Default: otlp where the address above is set, else none.",
    )
    log_level: Annotated[LogLevel, BeforeValidator(str.upper)] = Field(
        default="INFO", description="How much is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL."
    )

    @property
    def spans_go_to(self) -> Exporter:
        """Where spans go: asked for, or where there is an address for them."""
        return self.otel_traces_exporter or ("otlp" if self.otel_exporter_otlp_endpoint is not None else "none")

    @property
    def serves(self) -> bool:
        """Whether anything listens on the port."""
        return self.slack_app_token is None or "port" in self.model_fields_set

    @field_validator("slack_app_token")
    @classmethod
    def _has_a_way_in(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        # A signing secret that is there but wrong has its own line already, and is not in `data`.
        if value is None and info.data.get("slack_signing_secret", "wrong") is None:
            raise ValueError("is missing, and there is no SLACK_SIGNING_SECRET either")
        return value


def load_settings() -> Settings:
    """Read the settings of this process: its environment, then `.env` in the working directory.

    Raises `BadSettings` with every problem at once. No message contains a secret.
    """
    return _load(Settings)


def load_host_settings() -> HostSettings:
    """As `load_settings`, of what is hosted alone."""
    return _load(HostSettings)


def load_database_settings() -> DatabaseSettings:
    """The same, for a command that needs nothing but the database."""
    return _load(DatabaseSettings)


@contextmanager
def hidden_slack_variables() -> Generator[None]:
    """Hide the variables of the name `SLACK_…` while the block runs, and put them back.

    Bolt reads them on its own while an app is made: it would warn of the token, which it was given another way, and set
    OAuth up where a client's id and secret are there for another program.
    """
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("SLACK_")}
    try:
        yield
    finally:
        os.environ.update(hidden)


@contextmanager
def shown_otel_variables(settings: Settings) -> Generator[None]:
    """Show OpenTelemetry's SDK, which reads its variables itself, the one that may stand in `.env` while the block
    runs.
    """
    name, address = "OTEL_EXPORTER_OTLP_ENDPOINT", settings.otel_exporter_otlp_endpoint
    before = os.environ.get(name)
    if address is not None:
        os.environ[name] = address
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


def _load(settings: type[AnySettings]) -> AnySettings:
    try:
        return settings()
    except ValidationError as error:
        problems = [_problem(each) for each in error.errors()]
    except (OSError, UnicodeDecodeError) as error:
        problems = [f"{ENV_FILE} cannot be read: {error}. It has to be a text file in UTF-8 that this user may read."]
    # Out here and not above, so that no traceback carries pydantic's error, which holds the values.
    raise BadSettings(problems)


def _problem(error: ErrorDetails) -> str:
    field = str(error["loc"][0]).lower()
    match error["type"]:
        case "missing":
            what = "is missing"
        case "value_error":
            what = error["msg"].removeprefix("Value error, ")
        case _:
            what = f"{'contains' if len(error['loc']) > 1 else 'is'} {_shown(error['input'])}"
    return f"{field.upper()} {what}. {Settings.model_fields[field].description}"


def _shown(value: object) -> str:
    """The value for a message, unless it could be a secret in the wrong place."""
    return "not what is expected" if re.search(r"(?i)xox|xapp-|sk-|@|password", str(value)) else repr(value)


_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def expanded(tree: Any) -> Any:
    """The tree with `${NAME}` in its texts replaced by that variable. Raises KeyError for one that is not set."""
    match tree:
        case str():
            return _VARIABLE.sub(lambda found: os.environ[found[1]], tree)
        case dict():
            return {key: expanded(value) for key, value in cast("dict[str, Any]", tree).items()}
        case list():
            return [expanded(value) for value in cast("list[Any]", tree)]
        case _:
            return tree
