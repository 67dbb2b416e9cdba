"""The commit that env.json names is that of the code that runs, whatever git command surrounds it."""

import os
import subprocess
from pathlib import Path

import pytest

from ablate.system import provenance
from ablate.system.provenance import commit_of


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folders = tuple(tmp_path_factory.mktemp(name) for name in ("ours", "other"))
    for folder in folders:
        (folder / "file").write_text(folder.name)
        git(folder, "init", "-q")
        git(folder, "add", ".")
        git(folder, "commit", "-qm", "first")
    return folders


def program(folder: Path, text: str) -> None:
    """A git of our own, first on the path."""
    (folder / "git").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "git").chmod(0o755)


def test_variables_of_a_git_command_around_it_name_no_other_repository(
    repositories: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = repositories
    expected = git(ours, "rev-parse", "HEAD")
    assert expected != git(other, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git" / "objects"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "nonsense")
    assert commit_of(ours) == (expected, False)
    (ours / "file").write_text("changed")
    assert commit_of(ours) == (expected, True)
    (ours / "file").write_text(ours.name)


def test_a_worktree_has_its_own_commit_and_a_broken_checkout_has_not_that_around_it(repositories: tuple[Path, Path]) -> None:
    ours, _ = repositories
    git(ours, "worktree", "add", "-q", "--detach", str(ours.parent / "worktree"))
    assert commit_of(ours.parent / "worktree") == (git(ours, "rev-parse", "HEAD"), False)
    (ours / "inside" / ".git").mkdir(parents=True)
    assert commit_of(ours / "inside") == (None, None)
    assert commit_of(ours.parent) == (None, None)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives folders away")
def test_a_checkout_of_another_user_is_read(repositories: tuple[Path, Path]) -> None:
    _, other = repositories
    expected = git(other, "rev-parse", "HEAD")
    for path in (other, other / ".git"):
        os.chown(path, 1234, 1234)
    try:
        with pytest.raises(subprocess.CalledProcessError):
            git(other, "status")
        assert commit_of(other) == (expected, False)
    finally:
        for path in (other, other / ".git"):
            os.chown(path, 0, 0)


def test_a_git_that_warns_is_slow_or_missing(
    repositories: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, _ = repositories
    commit = git(ours, "rev-parse", "HEAD")
    asked = 'case "$*" in *status*)'
    monkeypatch.setattr(provenance, "GIT_TIMEOUT_S", 0.5)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    program(tmp_path, f"echo warning: mind this; echo and this >&2; {asked} ;; *) echo {commit} ;; esac")
    assert commit_of(ours) == (commit, False)
    program(tmp_path, f"{asked} exec sleep 60 ;; *) echo {commit} ;; esac")
    assert commit_of(ours) == (commit, None)
    program(tmp_path, "echo HEAD; exit 128")
    assert commit_of(ours) == (None, None)
    monkeypatch.setenv("PATH", str(ours))
    assert commit_of(ours) == (None, None)
