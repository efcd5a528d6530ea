"""The PostgreSQL that tests start: it is as they need it, and none stays behind."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.support.postgres import PASSWORD, USER, NewServer, Server
from tests.test_harness import ROOT, run_of_tests

pytestmark = pytest.mark.slow

ROW = "create table seen (word text); insert into seen values ('kept')"


@pytest.fixture(scope="module")
def server(new_postgres: NewServer) -> Server:
    """One that may be stopped."""
    return new_postgres()


def rows(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, connect_timeout=5) as db:
        return db.execute("select word from seen").fetchall()


def test_each_test_has_an_empty_database_of_its_own(new_postgres_url) -> None:
    first, second = new_postgres_url(), new_postgres_url()
    with psycopg.connect(first) as db:
        db.execute(ROW.encode())
    with psycopg.connect(second) as db:
        assert db.execute("select to_regclass('seen')").fetchone() == (None,)
        assert db.execute("select 'a' < 'B', 'B' < 'c'").fetchone() == (True, True), "sorted by bytes"


def test_nobody_gets_in_without_the_password(postgres_url: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres_url.replace(PASSWORD, "guessed"))


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever is not root is unprivileged")
def test_it_does_not_run_as_root(server: Server) -> None:
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_what_was_committed_is_there_after_a_restart(server: Server, mode: str) -> None:
    with server.database() as url:
        with psycopg.connect(url) as db:
            db.execute(ROW.encode())
        server.restart(mode)
        assert rows(url) == [("kept",)]


def test_frozen_it_does_not_answer_and_thawed_it_goes_on(server: Server) -> None:
    with server.database() as url, psycopg.connect(url) as db, ThreadPoolExecutor() as thread:
        server.freeze()
        answer = thread.submit(db.execute, "select 1")
        with pytest.raises(TimeoutError):
            answer.result(0.3)
        server.thaw()
        assert answer.result(10).fetchone() == (1,)


def test_with_tls_nobody_is_connected_without(new_postgres: NewServer) -> None:
    server = new_postgres(tls=True)
    with psycopg.connect(server.url()) as db:
        assert db.pgconn.ssl_in_use
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(server.url(sslmode="disable"))


KILLED = """
import os, signal

def test_ends_without_a_word(new_postgres):
    server = new_postgres()
    server.freeze()
    print("server", server.pid, server.folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_no_server_stays_behind_when_the_tests_are_killed(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.support.postgres import new_postgres", "utf-8")
    killed = tmp_path / "test_killed.py"
    killed.write_text(KILLED, "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-s", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", killed],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,  # until nobody writes any more: the keeper has its stderr
        text=True,
        timeout=30,
    )
    assert run.returncode == -signal.SIGKILL, run.stdout
    pid, folder = run.stdout.partition("server ")[2].split()[:2]
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    assert not Path(folder).exists()


def test_a_run_without_postgresql_ends_with_what_it_left_out() -> None:
    chosen = ("tests/test_private_server.py", "-k", "each_test or gets_in")
    said = run_of_tests(*chosen, POSTGRES_BIN="/nowhere")
    assert said.splitlines()[-2].startswith("NOT RUN: 2 postgres tests, because there is no PostgreSQL"), said
    said = run_of_tests(*chosen, POSTGRES_BIN="/nowhere", CI="true")
    assert "2 errors" in said, said


def test_the_url_names_the_account(postgres: Server) -> None:
    assert postgres.url("books") == f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{postgres.port}/books"
