"""A search whose trials are kept by a real PostgreSQL server, which the test starts; its password lands in no file."""

import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("psycopg", reason="the extra `search` is not installed")
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
SERVER = pwd.getpwnam("postgres") if any(user.pw_name == "postgres" for user in pwd.getpwall()) else None

pytestmark = [
    pytest.mark.slow,
    pytest.mark.exhaustive,
    pytest.mark.skipif(not PROGRAMS, reason="no PostgreSQL server here (Debian's package is postgresql)"),
    pytest.mark.skipif(os.geteuid() == 0 and SERVER is None, reason="a PostgreSQL server does not run as root"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, str]]:
    """(the port, the password of the user ada) of a server that ends with the tests."""
    folder = Path(tempfile.mkdtemp())
    password = secrets.token_hex(12)
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        assert SERVER is not None
        who = {"user": SERVER.pw_uid, "group": SERVER.pw_gid}
        os.chown(folder, SERVER.pw_uid, SERVER.pw_gid)
    (folder / "password").write_text(password)
    (folder / "password").chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def program(name: str, *words: str) -> None:
        subprocess.run([PROGRAMS[-1] / name, *words], cwd=folder, check=True, capture_output=True, timeout=120, **who)

    data = str(folder / "data")
    program("initdb", "-D", data, "-U", "ada", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}")
    (folder / "password").unlink()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    program("pg_ctl", "-D", data, "-l", str(folder / "log"), "-o", options, "-w", "start")
    yield port, password
    program("pg_ctl", "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(folder)


def test_two_processes_search_on_one_database_and_no_file_has_its_password(program: Any, server: tuple[int, str]) -> None:
    port, password = server
    url = "postgresql+psycopg://ada:${oc.env:ABLATE_TEST_SECRET}@127.0.0.1:" + f"{port}/postgres"
    words = ("-m", "hydra/sweeper=optuna", "lr=tag(log,interval(0.01,0.5))", "batch_size=16,32,128", "epochs=2")
    words = (*words, "hydra.sweeper.n_trials=6", "hydra.sweeper.confirm_seeds=1", "hydra.sweeper.study_name=ours", "workers=1")
    words = (*words, f"hydra.sweeper.storage={url}")
    secret = {"ABLATE_TEST_SECRET": password}
    started = [program.start(*words, f"hydra.sweep.dir=multirun/{name}", env=secret) for name in ("left", "right")]
    printed = ""
    for process in started:
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        printed += out + err
    out, err = program(*words, "hydra.sweep.dir=multirun/left", env=secret)
    trials = json.loads((program.folder / "multirun" / "left" / "trials.json").read_text())["trials"]
    finished = [trial for trial in trials if trial["state"] in ("done", "pruned")]
    assert len(finished) == 6
    assert len({json.dumps(trial["params"]) for trial in finished}) == 6
    _, refused = program(*words, "hydra.sweep.dir=multirun/third", env={"ABLATE_TEST_SECRET": "wrong-" + password}, status=1)
    assert "Cannot open hydra.sweeper.storage=" in refused
    for text in (printed, out, err, refused):
        assert password not in text
    files = [path for path in program.folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert not [path for path in files if password.encode() in path.read_bytes()]
    kept = json.loads((program.folder / "multirun" / "left" / "sweep.json").read_text())["search"]["storage"]
    assert kept == f"postgresql+psycopg://ada:***@127.0.0.1:{port}/postgres"
