"""What an operator is handed: the image, the services around it, the unit.

There need be no Docker here: what it is told is held against the program, and its own commands are run, on files that
cannot be written.
"""

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from bot import config
from bot.cli import FAILURE, USAGE
from bot.demo.model import serve_model
from bot.demo.workspace import serve_workspace
from bot.http_mode import ENDPOINT
from bot.settings import Settings
from bot.stopping import LIMIT
from storage.owners import LEASE, RENEWAL
from storage.postgres.engine import CONNECTIONS
from storage.postgres.opening import OLDEST
from tests.demo.workspace.support import TOKENS
from tests.support.ports import free_port
from tests.support.waiting import until

ROOT = Path(__file__).parents[1]
INSTALLED = "/opt/signoff"
"""Where the image has the program."""

STARTS_WITHIN = 60.0
"""Seconds, as the health check's `--start-period`."""


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def instructions() -> list[list[tuple[str, str]]]:
    """The stages of the Dockerfile, each as its instructions, in order."""
    text = re.sub(r"^\s*#.*\n", "", read("Dockerfile"), flags=re.MULTILINE)
    lines = [line for line in re.sub(r"\\\n", " ", text).splitlines() if line.strip()]
    stages: list[list[tuple[str, str]]] = []
    for line in lines:
        name, _, rest = line.partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append((name, rest.strip()))
    return stages


BUILD, IMAGE = instructions()


def said(stage: list[tuple[str, str]], name: str) -> list[str]:
    return [rest for each, rest in stage if each == name]


def pairs(stage: list[tuple[str, str]], name: str) -> dict[str, str]:
    """What `ENV` or `LABEL` says."""
    words = shlex.split(" ".join(said(stage, name)))
    return dict(word.split("=", 1) for word in words)


def copied() -> list[str]:
    """What comes from this folder into the image."""
    return [name for rest in said(BUILD, "COPY") for name in rest.split()[:-1]]


def health_command() -> list[str]:
    (rest,) = said(IMAGE, "HEALTHCHECK")
    return json.loads(rest.partition(" CMD ")[2])


def test_only_what_the_image_is_made_of_is_sent_to_be_built() -> None:
    first, *rest = [line for line in read(".dockerignore").splitlines() if line and not line.startswith("#")]
    assert first == "*"
    assert {line.removeprefix("!") for line in rest if line.startswith("!")} == set(copied())
    assert [line for line in rest if not line.startswith("!")] == ["**/__pycache__"]
    assert [name for name in copied() if not (ROOT / name).exists()] == []


def test_both_stages_stand_on_one_slim_python_with_a_tag_that_the_program_runs_on() -> None:
    bases = {rest.partition(" AS ")[0] for stage in (BUILD, IMAGE) for rest in said(stage, "FROM")}
    (base,) = bases
    tagged = re.fullmatch(r"python:(3\.\d+)-slim-[a-z]+(@sha256:[0-9a-f]{64})?", base)
    assert tagged is not None
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert SpecifierSet(project["requires-python"]).contains(tagged[1])
    assert pairs(IMAGE, "LABEL")["org.opencontainers.image.version"] == project["version"]
    assert pairs(IMAGE, "LABEL")["org.opencontainers.image.licenses"] == project["license"]


def test_nothing_is_fetched_that_has_no_hash_and_nothing_is_compiled() -> None:
    installs = [part.strip() for run in said(BUILD, "RUN") for part in run.split("&&") if " install " in part]
    fetching, building = installs
    assert fetching.endswith("--only-binary :all: --require-hashes -r deploy/requirements.lock")
    assert {"--no-index", "--no-deps", "--no-build-isolation"} <= set(building.split())
    assert pairs(BUILD, "ENV")["PIP_NO_CACHE_DIR"] == "1"
    assert not re.search(r"pip|apt|curl|gcc", " ".join(said(IMAGE, "RUN")))
    assert said(IMAGE, "COPY") == [f"--from=build {INSTALLED} {INSTALLED}"]


def test_the_image_runs_as_a_number_and_is_told_to_stop_in_a_way_that_arrives() -> None:
    (user,) = said(IMAGE, "USER")
    number, group = user.split(":")
    assert number.isdecimal()
    assert int(number) >= 10_000
    assert f"--gid {group} " in said(IMAGE, "RUN")[0]
    assert f"--uid {number} " in said(IMAGE, "RUN")[0]
    assert f"--start-period={STARTS_WITHIN:.0f}s" in said(IMAGE, "HEALTHCHECK")[0]
    assert said(IMAGE, "STOPSIGNAL") == ["SIGTERM"]
    assert [json.loads(rest) for rest in (*said(IMAGE, "ENTRYPOINT"), *said(IMAGE, "CMD"))] == [["signoff"], ["run"]]
    assert [json.loads(rest) for rest in said(IMAGE, "VOLUME")] == [["/data"]]
    assert said(IMAGE, "WORKDIR") == ["/data"], "a relative DATABASE_URL, as in .env.example, is kept too"
    environment = pairs(IMAGE, "ENV")
    assert said(IMAGE, "EXPOSE") == [environment["PORT"]]
    assert environment["DATABASE_URL"] == "sqlite:////data/signoff.db"
    assert environment["PYTHONUNBUFFERED"] == "1"
    secrets = {name.upper() for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)}
    assert not secrets & {*environment, *pairs(BUILD, "ENV")}


class Image:
    """What the image holds, in a folder: the program installed by the Dockerfile's own command, beside the packages
    that the tests run with (those of the lock are the same, which another test holds); nothing of it can be written.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / "image"
        self.app, self.data, self.tmp = (folder / name for name in ("app", "data", "tmp"))
        for each in (self.app, self.data, self.tmp):
            each.mkdir()
        source = folder / "source"
        source.mkdir()
        for name in copied():
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            (source / name).parent.mkdir(exist_ok=True)
            copy(ROOT / name, source / name)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.root], check=True)
        own = Path(sysconfig.get_path("purelib", vars={"base": str(self.root)}))
        (own / "beside.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
        (install,) = [part for run in said(BUILD, "RUN") for part in run.split("&&") if "--no-index" in part]
        subprocess.run(self.here(shlex.split(install)), cwd=source, check=True, capture_output=True)
        shutil.rmtree(source)
        for each in (self.app, *self.root.rglob("*"), self.root):
            if not each.is_symlink():
                each.chmod(each.stat().st_mode & ~0o222)

    def here(self, command: list[str]) -> list[str]:
        """A command of the image's, on this machine."""
        name, *arguments = command
        path = Path(name.replace(INSTALLED, str(self.root))) if "/" in name else self.root / "bin" / name
        return [str(path), *arguments]

    def environment(self, **told: str) -> dict[str, str]:
        """The image's own, with its places here, and what it is told beside."""
        own = pairs(IMAGE, "ENV") | {
            "DATABASE_URL": f"sqlite:///{self.data / 'signoff.db'}",
            "PYTHONPATH": str(self.app),
        }
        own |= {"TMPDIR": str(self.tmp)}
        return own | {"PATH": f"{self.root / 'bin'}:/usr/bin:/bin", "HOME": str(self.data)} | told

    def run(self, command: list[str], environment: Mapping[str, str], **options: Any) -> subprocess.Popen[bytes]:
        """Start it as somebody who may write only what is his, as with `cap_drop: [ALL]`."""
        bare = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"] if os.geteuid() == 0 else []
        whole = [*bare, *self.here(command)]
        return subprocess.Popen[bytes](whole, cwd=self.data, env=dict(environment), **options)

    @property
    def command(self) -> list[str]:
        return [*json.loads(said(IMAGE, "ENTRYPOINT")[0]), *json.loads(said(IMAGE, "CMD")[0])]

    def files(self) -> set[Path]:
        return {*self.root.rglob("*"), *self.app.rglob("*")}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return Image(tmp_path_factory.mktemp("image"))


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def told(image: Image) -> AsyncIterator[dict[str, str]]:
    """What the image's bot is told of a workspace and a model that are there."""
    async with serve_workspace(port=0, tokens=TOKENS) as workspace, serve_model() as model:
        yield image.environment(
            SLACK_BOT_TOKEN=TOKENS.bot,
            SLACK_APP_TOKEN=TOKENS.app,
            SLACK_API_URL=f"{workspace.url}/api/",
            OPENAI_API_KEY="demo",
            OPENAI_BASE_URL=model.url,
            PORT=str(free_port()),
        )


async def healthy(image: Image, environment: Mapping[str, str]) -> int:
    """The exit code of the image's health check."""
    process = image.run(health_command(), environment, stderr=subprocess.DEVNULL)
    with ended(process):
        return await asyncio.to_thread(process.wait, 20)


@pytest.mark.slow
async def test_the_images_bot_works_on_files_that_it_cannot_write_says_whether_it_lives_and_ends_when_told(
    image: Image, told: dict[str, str], tmp_path: Path
) -> None:
    before = image.files()
    assert await healthy(image, told) == 1, "nobody is there yet"
    log = tmp_path / "log"
    with log.open("wb") as stderr, ended(image.run(image.command, told, stderr=stderr)) as bot:

        async def lives() -> bool:
            return await healthy(image, told) == 0

        async with asyncio.timeout(STARTS_WITHIN):
            while "Connected to" not in log.read_text("utf-8"):
                assert bot.poll() is None, log.read_text("utf-8")
                await asyncio.sleep(0.05)
        assert await lives()
        bot.send_signal(signal.SIGSTOP)
        assert await healthy(image, told) == 1, "it hangs"
        bot.send_signal(signal.SIGCONT)
        await until(lives, "the health check to succeed again")
        bot.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(bot.wait, 20) == 0
    assert image.files() == before
    assert (image.data / "signoff.db").exists()
    assert not [line for line in log.read_text("utf-8").splitlines() if " WARNING " in line or " ERROR " in line]


@pytest.mark.slow
def test_the_images_bot_says_what_it_was_not_told(image: Image) -> None:
    ended = image.run(image.command, image.environment(), stderr=subprocess.PIPE)
    _, printed = ended.communicate(timeout=60)
    assert ended.returncode == USAGE
    assert printed.decode().startswith("SLACK_BOT_TOKEN is missing.")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["root", "app"])
def test_whoever_runs_as_the_images_bot_can_write_nothing_of_it(image: Image, place: str) -> None:
    """What the tests above stand on."""
    target = getattr(image, place) / "written"
    write = ["python", "-I", "-c", "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()", str(target)]
    refused = image.run(write, image.environment(), stderr=subprocess.PIPE)
    _, printed = refused.communicate(timeout=60)
    assert refused.returncode == 1
    assert b"PermissionError" in printed


COMPOSE: dict[str, Any] = yaml.safe_load(read("compose.yaml"))
BOT, DATABASE = COMPOSE["services"]["bot"], COMPOSE["services"]["database"]


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def test_the_services_are_two_bots_and_a_database_that_nobody_else_reaches() -> None:
    assert BOT["deploy"]["replicas"] == 2
    assert int(re.fullmatch(r"postgres:(\d+)(-\w+)?", DATABASE["image"])[1]) >= 15  # type: ignore[index]
    assert not {"ports", "expose", "network_mode"} & {*BOT, *DATABASE}
    assert DATABASE["networks"] == ["data"]
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert "default" in BOT["networks"], "Slack and the model are outside"
    assert BOT["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert DATABASE["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    assert [each.partition(":")[0] for each in DATABASE["volumes"]] == ["database"]
    assert "database" in COMPOSE["volumes"]


def test_a_bot_of_the_services_has_no_right_that_it_does_not_need() -> None:
    assert BOT["read_only"] is True
    assert BOT["tmpfs"] == ["/tmp", *json.loads(said(IMAGE, "VOLUME")[0])]
    assert BOT["cap_drop"] == ["ALL"]
    for service in COMPOSE["services"].values():
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["restart"] == "unless-stopped"
        assert {"max-size", "max-file"} <= service["logging"]["options"].keys()
    for service in (BOT, DATABASE):
        assert re.fullmatch(r"\d+M", service["deploy"]["resources"]["limits"]["memory"])
    assert seconds(BOT["stop_grace_period"]) > LIMIT


def test_a_bot_of_the_services_is_told_what_it_understands(monkeypatch: pytest.MonkeyPatch) -> None:
    told = BOT["environment"]
    assert told["PORT"] == pairs(IMAGE, "ENV")["PORT"]
    url, asked = re.subn(r"\$\{POSTGRES_PASSWORD:\?.*?\}", "0123abcd", told["DATABASE_URL"])
    assert asked == 1, "who sets no password is told so"
    others = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"}
    for name, value in (others | told | {"DATABASE_URL": url}).items():
        monkeypatch.setenv(name, value)
    settings = Settings()  # pyright: ignore[reportCallIssue]
    assert settings.serves
    assert "0123abcd" in settings.secrets
    assert url == (
        f"postgresql://{DATABASE['environment']['POSTGRES_USER']}:0123abcd@database/"
        f"{DATABASE['environment']['POSTGRES_DB']}?sslmode=disable"
    )
    assert 2 * CONNECTIONS < 97, "what a PostgreSQL takes as it comes"


def unit() -> dict[str, list[str]]:
    lines = [line for line in read("deploy/signoff.service").splitlines() if "=" in line and not line.startswith("#")]
    found: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition("=")
        found.setdefault(name, []).append(value)
    return found


def test_the_unit_starts_again_what_may_go_on_and_waits_for_what_ends() -> None:
    service = unit()
    assert service["Restart"] == ["on-failure"]
    assert service["RestartPreventExitStatus"] == [str(USAGE)] != [str(FAILURE)]
    assert int(service["TimeoutStopSec"][0]) > LIMIT
    assert service["KillMode"] == ["mixed"]
    assert service["ExecStart"][0].split()[1:] == ["run"]
    assert "ProcSubset" not in service, "who looks whether an owner is gone reads /proc/sys"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_takes_the_unit_and_finds_it_hardened(tmp_path: Path) -> None:
    file = tmp_path / "signoff.service"
    program = unit()["ExecStart"][0].split()[0]
    file.write_text(read("deploy/signoff.service").replace(program, shutil.which("true") or "/bin/true"), "utf-8")
    analyze = ["systemd-analyze", "--man=no"]
    verified = subprocess.run([*analyze, "verify", file], capture_output=True, text=True)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    hardened = subprocess.run(
        [*analyze, "security", "--offline=true", "--threshold=20", file], capture_output=True, text=True
    )
    assert hardened.returncode == 0, hardened.stdout + hardened.stderr


def test_the_balancer_forwards_what_slack_sends_and_nothing_else() -> None:
    text = read("deploy/Caddyfile")
    assert re.findall(r"^\thandle(.*) {$", text, re.MULTILINE) == [f" {ENDPOINT}", ""]
    assert text.count("reverse_proxy") == 1
    assert f"dynamic a bot {BOT['environment']['PORT']} " in text
    assert COMPOSE["services"]["balancer"]["profiles"] == ["http"]


PAGE = read("docs/operate.md")
BLOCKS = re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SPANS = re.findall(r"`([^`]+)`", re.sub(r"^```\n.*?^```", "", PAGE, flags=re.MULTILINE | re.DOTALL))
NOT_THE_BOTS = {"POSTGRES_PASSWORD", "BOT_DOMAIN", "PYTHONPATH"}


def options_of(*command: str) -> set[str]:
    helped = subprocess.run(
        [sys.executable, "-m", "bot", *command, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert helped.returncode == 0, helped.stderr
    return set(re.findall(r"--[a-z-]+", helped.stdout))


@pytest.mark.slow
def test_every_command_and_option_of_the_page_is_there() -> None:
    """Of the bot's: those that begin a line of a block, or a span, and those that Docker hands on."""
    lines = [" ".join(each.split()) for each in (*SPANS, *"".join(BLOCKS).splitlines())]
    handed_on = [
        re.sub(r"^(docker (compose )?run .*|systemd-run .*/bin/)(bot|signoff) (?=[a-z])", "signoff ", each)
        for each in lines
    ]
    named = [each.split()[1:] for each in handed_on if re.match(r"signoff [a-z]", each)]
    assert {each[0] for each in named} >= {"run", "doctor", "backup", "move", "prune", "usage", "audit"}
    there: set[str] = set()
    for words in named:
        there |= options_of(*words[: 2 if words[0] in ("audit", "config") else 1])
    asked = {word for words in named for word in words if word.startswith("--")}
    asked |= {each.split()[0] for each in SPANS if re.match(r"--[a-z]", each)}
    assert asked >= {"--older-than", "--head", "--days"}
    assert sorted(asked - there) == []


def test_every_variable_of_the_page_is_a_setting_or_belongs_to_another_program() -> None:
    text = "\n".join([*BLOCKS, *SPANS])
    named = set(re.findall(r"\b(?:[A-Z]+_[A-Z_]+|PORT|PYTHONPATH)\b", text))
    assert {"DATABASE_URL", "PORT", "POSTGRES_PASSWORD"} <= named
    assert named - NOT_THE_BOTS <= {name.upper() for name in Settings.model_fields}
    assert named & NOT_THE_BOTS <= set(re.findall(r"[A-Z_]+", read("compose.yaml") + read("deploy/signoff.service")))


def test_what_the_page_writes_into_signoff_toml_can_be_read() -> None:
    assert {"[retention]", 'finished_threads = "90d"'} <= set(SPANS)
    assert config.parse('[retention]\nfinished_threads = "90d"\n', "signoff.toml").retention == timedelta(days=90)


def test_every_file_of_the_page_is_there() -> None:
    text = "\n".join([*BLOCKS, *SPANS])
    named = set(re.findall(r"(?<![/\w])(?:deploy/[\w./-]*\w|compose\.yaml|\.env\.example)", text))
    assert {"deploy/signoff.service", "deploy/requirements.lock", "compose.yaml"} <= named
    assert [name for name in named if not (ROOT / name).exists()] == []
    for place in ("/etc/signoff/env", "/var/lib/signoff", "/opt/signoff/bin/signoff"):
        assert place in text
        assert place in read("deploy/signoff.service")


def test_the_pages_numbers_are_the_programs() -> None:
    assert f"takes up to {CONNECTIONS} connections of PostgreSQL" in PAGE
    assert f"number {said(IMAGE, 'USER')[0].partition(':')[0]} " in PAGE
    assert LIMIT < 20
    assert "ends with 0 within 20 seconds" in " ".join(PAGE.split())
    assert LEASE + RENEWAL <= 10
    assert "takes over within ten seconds" in PAGE
    assert f"PostgreSQL {OLDEST // 10_000} or newer" in PAGE


def test_what_the_page_quotes_is_what_is_said() -> None:
    """Of the table, by which somebody finds the line that is before him."""
    table = PAGE.partition("## What to do when")[2].partition("\n## ")[0]
    ours = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "storage").rglob("*.py")))
    quoted = set(re.findall(r'(?<!=)"([a-z][^"…:]*)"', table)) - SERVERS
    assert {"was written by a newer Signoff", "belongs to another program"} <= quoted
    assert sorted(each for each in quoted if each not in ours) == []
    figures = set(re.findall(r"signoff_[a-z_]+", table))
    assert figures
    assert sorted(each for each in figures if f"`{each}" not in read("docs/observability.md")) == []


SERVERS = {
    "too many connections",
    "remaining connection slots are reserved",
    "password authentication failed",
    "no pg_hba.conf entry",
    "too_many_websockets",
}
"""What PostgreSQL says, and Slack."""
