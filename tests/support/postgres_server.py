"""A PostgreSQL of one's own, on a free port of this machine, which ends with whoever made it.

It stands in as the servers that people have: words are ordered as in a dictionary, and its hours are not ours.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from tests.support.keeper import children_of, signal_all

USER = "signoff"
PASSWORD = "correct-horse-4711"
"""No log and no message may say it."""

OLDEST = 15
DEADLINE = 30.0
"""Seconds that a server gets to answer."""

STOPS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
"""The shutdown modes of `pg_ctl` that wait for nobody."""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "16MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "Asia/Kathmandu",
}
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}  # a crash of the server alone loses nothing by it
_TLS = {"ssl": "on", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key"}

_AWAY = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`: `POSTGRES_BIN`, else PATH's or the newest that a system has put away."""
    if named := os.environ.get("POSTGRES_BIN"):
        folders = [Path(named)]
    else:
        away = [each for pattern in _AWAY for each in Path("/").glob(pattern)]
        of_path = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
        folders = [*of_path, *sorted(away, key=_version, reverse=True)]
    return next((folder for folder in folders if _version(folder) >= OLDEST), None)


def _version(folder: Path) -> int:
    """The major version; 0 where there is no server."""
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
        return 0
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+", said)
    return int(found[0]) if found else 0


class Server:
    """One server in a folder of its own, which ends with the process that made it. Close it when it is done.

    `durable` makes it wait for the disk as one in service does; with `tls` it takes no connection without, and
    `certificate` is what a client trusts. Its folder is made in `place`, or where temporary files are.
    """

    def __init__(self, programs: Path, *, durable: bool = False, tls: bool = False, place: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="signoff-postgres-", dir=place))
        self.data = self.folder / "data"
        self.port = _free_port()
        self.certificate = self.data / "server.crt" if tls else None
        self._user = _unprivileged()
        self._made = 0
        self._admin: psycopg.Connection | None = None
        if self._user:
            shutil.chown(self.folder, self._user, _group(self._user))
        self._initialise(programs)
        if tls:
            self._certify()
        settings = _SETTINGS | {"port": str(self.port)} | ({} if durable else _NOT_DURABLE) | (_TLS if tls else {})
        self._command = [str(programs / "postgres"), "-D", str(self.data)]
        self._command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._keeper = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py"))),
                *(self._user or "-", str(self.folder), *self._command),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests, which still want to drop what they made
        )
        self.pid = 0
        self.start()

    def url(self, database: str = "postgres", **options: object) -> str:
        """With libpq's options, as `sslmode`."""
        query = {"sslmode": "verify-full", "sslrootcert": str(self.certificate)} if self.certificate else {}
        asked = urlencode({**query, **options})
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}" + (f"?{asked}" if asked else "")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.pid = self._tell("start")
        end = time.monotonic() + DEADLINE
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > end:
                    raise TimeoutError(f"PostgreSQL does not answer. It said:\n{self.log}") from error
                time.sleep(0.01)
            else:
                return

    def stop(self, mode: str = "fast") -> None:
        """`immediate` is a crash: it recovers from its log when it is started again."""
        self._forget()
        self._tell(f"stop {STOPS[mode].value}")

    def restart(self, mode: str = "immediate") -> None:
        self.stop(mode)
        self.start()

    def freeze(self) -> None:
        """Nothing of it runs any more; connections stay open, and new ones are taken by the kernel alone."""
        signal_all([self.pid], signal.SIGSTOP)  # first, so that it starts no others meanwhile
        signal_all(children_of(self.pid), signal.SIGSTOP)

    def thaw(self) -> None:
        signal_all([*children_of(self.pid), self.pid], signal.SIGCONT)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """In the database `postgres`, as its owner, each statement for itself."""
        if self._admin is None:
            self._admin = psycopg.connect(self.url(), autocommit=True)
        cursor = self._admin.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []

    def create(self, template: str = "template0") -> str:
        """The name of a new database that is like `template`, to which nobody may be connected."""
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}"
        # Half the time of `wal_log` where the disk is not waited for: 22 ms, of which most is the checkpoint.
        self.execute(f'create database "{name}" template "{template}" strategy file_copy')
        return name

    def drop(self, database: str) -> None:
        """Whoever is still connected is thrown out."""
        self.execute(f'drop database if exists "{database}" with (force)')

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The URL of a new database, which is there as long as this is entered."""
        name = self.create(template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")

    def close(self) -> None:
        self._forget()
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.close()
        self._keeper.wait(DEADLINE)
        self._keeper.stdout.close()

    def _forget(self) -> None:
        """Close the connection of `execute`; the next statement opens one."""
        if self._admin is not None:
            self._admin.close()
        self._admin = None

    def _tell(self, order: str) -> int:
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.write(order + "\n")
        self._keeper.stdin.flush()
        return int(self._keeper.stdout.readline())

    def _initialise(self, programs: Path) -> None:
        password = self.folder / "password"
        password.write_text(PASSWORD, "utf-8")
        self._give(password)
        sorting = ("--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US")
        account = (f"--username={USER}", f"--pwfile={password}", "--auth=scram-sha-256")
        self._run(str(programs / "initdb"), "--no-sync", "-D", str(self.data), *account, *sorting)
        password.unlink()

    def _certify(self) -> None:
        key, certificate = self.data / "server.key", self.data / "server.crt"
        self._run(
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"),
            *("-keyout", str(key), "-out", str(certificate)),
        )
        access = self.data / "pg_hba.conf"
        access.write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n", "utf-8")

    def _run(self, *command: str) -> None:
        as_user = {"user": self._user, "group": _group(self._user), "extra_groups": []} if self._user else {}
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}, **as_user
        )
        assert done.returncode == 0, done.stderr

    def _give(self, file: Path) -> None:
        file.chmod(0o600)
        if self._user:
            shutil.chown(file, self._user, _group(self._user))


def _unprivileged() -> str | None:
    """Whom the server runs as where we are root, as whom it refuses to run."""
    if os.geteuid() != 0:
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
