"""Where trials are kept: a journal that no kill spoils, databases by their URL, and passwords that land nowhere."""

import json
from pathlib import Path

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ablate.errors import AblateError
from ablate.search import storage

URL = "postgresql+psycopg://ada:s3cr%40t@db.example:5432/trials?sslmode=require&sslpassword=hidden"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 400))
def test_a_journal_torn_by_a_kill_goes_on_with_all_that_was_said(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("journal")
    study = optuna.create_study(study_name="one", storage=storage.opened(None, folder))
    for value in range(3):
        study.tell(study.ask(), value)
    path = folder / storage.JOURNAL
    whole = path.read_bytes()
    kept = whole[: max(whole.index(b"\n") + 1, len(whole) - cut)]
    path.write_bytes(kept)
    said = kept[: kept.rindex(b"\n") + 1]
    again = optuna.create_study(study_name="one", storage=storage.opened(None, folder), load_if_exists=True)
    again.set_user_attr("still", "here")
    assert path.read_bytes().startswith(said)
    assert [json.loads(line) for line in path.read_bytes().splitlines()]  # every line is whole
    third = optuna.load_study(study_name="one", storage=storage.opened(None, folder))
    assert third.user_attrs == {"still": "here"}
    assert [trial.values for trial in third.trials if trial.state.is_finished()] == [
        [float(value)] for value in range(sum(b'"state":1' in line and b'"values"' in line for line in said.splitlines()))
    ]


def test_a_url_is_shown_without_its_passwords() -> None:
    shown = storage.redacted(URL)
    assert shown == "postgresql+psycopg://ada:***@db.example:5432/trials?sslmode=require&sslpassword=***"
    for secret in ("s3cr%40t", "s3cr@t", "hidden"):
        assert secret in storage.secrets(URL)
        assert secret not in storage.without(f"cannot connect with {secret} to {URL}", URL)
    for password in ("pa/ss", "a?b", "x#y", "p+q=", "a:b", "c@d"):
        url = f"postgresql://ada:{password}@db/trials"
        assert storage.redacted(url) == "postgresql://ada:***@db/trials"
        assert password in storage.secrets(url)
        assert password not in storage.without(f"no such user: {password}", url)
    assert storage.redacted("sqlite:///trials.db") == "sqlite:///trials.db"
    assert storage.secrets(None) == storage.secrets("postgresql://ada@db/trials") == []


def test_what_is_no_storage_is_refused_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(AblateError, match=r"hydra\.sweeper\.storage must be a file that ends with \.journal.*got 'trials'"):
        storage.opened("trials", tmp_path)
    with pytest.raises(AblateError, match=r"Cannot open hydra\.sweeper\.storage=") as caught:
        storage.opened("mysql+nothing://ada:geheim@localhost/trials", tmp_path)
    assert "geheim" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "n.db").write_text("my notes")
    with pytest.raises(AblateError, match=r"n\.db: file is not a database$"):
        storage.opened(f"sqlite:///{tmp_path / 'n.db'}", tmp_path)
    assert (tmp_path / "n.db").read_text() == "my notes"


def test_a_journal_may_lie_elsewhere_and_a_database_is_a_file(tmp_path: Path) -> None:
    for url in (str(tmp_path / "shared" / "ours.journal"), f"sqlite:///{tmp_path / 'ours.db'}"):
        study = optuna.create_study(study_name="one", storage=storage.opened(url, tmp_path / "folder"))
        study.tell(study.ask(), 1.0)
        assert optuna.load_study(study_name="one", storage=storage.opened(url, tmp_path)).best_value == 1.0
    assert storage.is_sqlite(f"sqlite:///{tmp_path / 'ours.db'}")
    assert not storage.is_sqlite(None)


def test_what_cannot_be_the_storage_of_a_search_is_refused_before_all_else(tmp_path: Path) -> None:
    (tmp_path / "n.journal").write_text("my notes")
    folder = tmp_path / "multirun" / "search"
    with pytest.raises(AblateError, match=r"n\.journal is not a journal of trials"):
        storage.check(str(tmp_path / "n.journal"), folder)
    assert not folder.parent.exists()
    storage.check(None, folder)
    folder.mkdir(parents=True)
    (folder / "confirmation").symlink_to(tmp_path)
    for url in (None, str(tmp_path / "ours.journal"), f"sqlite:///{tmp_path}/ours.db", "postgresql://db/trials"):
        with pytest.raises(AblateError, match=r"confirmation is a link, which is not followed"):
            storage.check(url, folder)
