"""Stores that a hostile hand made, and what the commands about a store do with them.

    python tests/store/store_fuzz.py --edits 1000 --seed 0

makes so many edits of every JSON file of a small store, and every attack with links, pipes, bombs and odd names once. After
each it lists, checks and clears the store, and fails where one ends otherwise than in lines of its own, touches anything
outside the store, or leaves an edit without a word that its checksum must show. The last line has the peak of its memory.
"""

import argparse
import contextlib
import copy
import io
import json
import os
import random
import re
import resource
import shutil
import socket
import struct
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ablate.commands import runs
from ablate.errors import AblateError
from ablate.store import Evaluated, Trajectory, fingerprint, keep_evaluated, pack_arrays, register_sweep, write_atomically
from ablate.store.checksums import seal

COMMANDS = (["list"], ["--json"], ["verify"], ["verify", "--json"], ["gc", "--dry-run"], ["gc", "--yes"])
NAMES = (
    "config.yaml",
    "metrics.jsonl",
    "status.json",
    "env.json",
    "final_steps.json",
    "live.json",
    ".lock",
    ".final_steps.lock",
)
FOLDERS = ("checkpoints", "predictions", "tensorboard")
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 10**30, 1e308, float("nan"), float("inf"), "", "x", "\x1b[31m", "\ud800", "../../outside", "a\0b",
    [], {}, [[]], {"a": {}}, [1, 2], "9" * 5000,
)  # fmt: skip
SLOWEST_S = 20.0
MOST_MB = 1_000


def made(store: Path, seed: int) -> Trajectory:
    """A finished training with four evaluations."""
    content = {"model": [{"fc": {"units": 3}}], "data": {"digest": "d" * 64}, "seed": seed, "eval_every": 10}
    one = Trajectory(store, fingerprint(content))
    one.write_config(content, {"model": "tiny", "augment": "on"})
    one.add_segment({"threads": 1, "host": "here", "from_step": 0, "to_step": 40})
    one.keep(40)
    for step in (10, 20, 30, 40):
        row = {"step": step, "loss": 1.0, "accuracy_raw": 0.5, "accuracy_averaged": 0.6, "seconds": 1.5}
        one.add_evaluation(row, {"raw": np.arange(4), "averaged": np.arange(4)})
        write_atomically(one.checkpoint(step), pack_arrays({"weights": np.arange(step)}))
    one.set_status("done", 40)
    return one


class Store:
    """A small sound store beside a folder that nothing may touch."""

    def __init__(self, folder: Path) -> None:
        self.path, self.outside, sweep = folder / "runs", folder / "outside", folder / "sweep"
        self.trainings = [made(self.path, seed) for seed in range(2)]
        self.victim = self.trainings[0]
        sweep.mkdir()
        (sweep / "sweep.json").write_text("{}")
        register_sweep(self.path, sweep, {one.fingerprint: [40] for one in self.trainings})
        keep_evaluated(self.path, "d" * 64, Evaluated(np.zeros(4, np.int32), ("a", "b"), "images", "test"))
        self.outside.mkdir()
        for name in ("7.npz", "a.damaged", "config.yaml", "status.json", ".lock", "0123.json", ".7.npz-abcdefgh.tmp"):
            (self.outside / name).write_text("mine")
        shutil.copytree(self.victim.path, self.outside / "training")
        self.sound = folder / "sound"
        shutil.copytree(self.path, self.sound)

    def restore(self) -> None:
        """As it was before any attack."""
        shutil.rmtree(self.path)
        shutil.copytree(self.sound, self.path)

    def json_files(self) -> list[Path]:
        """Every file of JSON, one of each kind."""
        (registration,) = (self.path / ".sweeps").glob("*.json")
        own = [self.victim.path / name for name in ("status.json", "env.json", "final_steps.json", "metrics.jsonl")]
        return [*own, registration]


def seen(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, time and content of all that is in a folder."""
    return {
        str(path): (path.lstat().st_mode, path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def told(store: Path, words: list[str]) -> str:
    """What a command says, in lines of its own; anything else is raised."""
    out, started = io.StringIO(), time.monotonic()
    try:
        with contextlib.redirect_stdout(out):
            runs.run([*words, "--store", str(store)])
        text = out.getvalue()
    except AblateError as error:
        text = str(error)
        assert "\n" not in text, text
        assert str(store) in text or "fingerprint" in text, text
    assert time.monotonic() - started < SLOWEST_S, (words, "takes too long")
    text.encode()
    assert "Traceback" not in text
    return text


def examine(store: Store) -> list[str]:
    """All commands on an attacked store; what each said."""
    before = seen(store.outside)
    texts = [told(store.path, words) for words in COMMANDS]
    if os.path.lexists(store.path):
        texts.append(told(store.path, ["rm", store.victim.fingerprint, "--yes"]))
    assert seen(store.outside) == before, "something outside was touched"
    return texts


# edits of JSON


def edited(content: Any, rng: random.Random) -> Any:
    """A copy of a JSON value with something changed, taken away, added or renamed."""
    content = copy.deepcopy(content)
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], dict | list):
                walk(value[key])

    walk(content)
    if not places or rng.random() < 0.03:
        return rng.choice(VALUES)
    holder, key = rng.choice(places)
    kind = rng.randrange(5)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[rng.choice(("check", "x", "\x1b", "step", ""))] = rng.choice(VALUES)
    elif kind == 2 and isinstance(holder, dict):
        holder[f"{key}x"] = holder.pop(key)
    elif kind == 3 and isinstance(holder[key], int | float):
        holder[key] = holder[key] + rng.choice((-1, 1, 10**6, -(10**30)))
    else:
        holder[key] = rng.choice(VALUES)
    return content


def resealed(content: Any) -> Any:
    """With the check that a hostile hand computes, where it can."""
    if isinstance(content, list):
        return [resealed(one) for one in content]
    if not isinstance(content, dict):
        return content
    with contextlib.suppress(ValueError):
        return seal({key: value for key, value in content.items() if key != "check"})
    return content


def edit(path: Path, rng: random.Random) -> bool:
    """Edit a JSON file; whether its checks must show it."""
    lines = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    place = rng.randrange(len(lines))
    whole = json.loads(lines[place])
    if rng.random() < 0.1:
        at = rng.randrange(len(lines[place]))
        lines[place] = lines[place][:at] + rng.choice(("", "\x00", "{", '"', "[" * 100_000, "\ufffd")) + lines[place][at + 1 :]
        sealed = False
    else:
        changed = edited(whole, rng)
        sealed = rng.random() < 0.5
        lines[place] = json.dumps(resealed(changed) if sealed else changed)
    path.write_text("\n".join(lines) + "\n" * path.name.endswith("l"))
    try:
        now = json.loads(lines[place])
    except (ValueError, RecursionError):
        return True
    unsealed = isinstance(now, dict) and "check" not in now
    return not sealed and not unsealed and not isinstance(now, list) and json.dumps(now) != json.dumps(whole)


def edits(store: Store, count: int, seed: int) -> Iterator[str]:
    """So many edits of each JSON file; yields the name of each after it was examined."""
    for path in store.json_files():
        for number in range(count):
            rng = random.Random(f"{seed} {path.name if path.parent.name != '.sweeps' else 'registration'} {number}")
            must_show = edit(path, rng)
            content = path.read_bytes()
            try:
                texts = examine(store)
                assert not must_show or path.name in texts[2], f"not told: {texts[2]}"
            except BaseException as error:
                raise AssertionError(f"edit {number} of {path.name}, seed {seed}: {content[-2000:]!r}") from error
            store.restore()
            yield f"{path.name} {number}"


# attacks on files and folders


def replaced(path: Path, by: Callable[[Path], Any]) -> None:
    """Put something else in a path's place."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    by(path)


def with_socket(path: Path) -> None:
    """Make a socket; its name may be long."""
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as bound:
        bound.bind(f"{short}/s")
        shutil.move(f"{short}/s", path)


def sparse(path: Path) -> None:
    """Make a file of 3 GB that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(3 << 30)


def alias_bomb(path: Path) -> None:
    """Make YAML of some hundred bytes that a reader makes a billion values of."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefghi", "bcdefghij", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    path.write_text("\n".join(lines))


def zip_bomb(path: Path) -> None:
    """Make an npz that unpacks to 10 GB, header and all; only its first megabytes are really there."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("weights.npy", "w", force_zip64=True) as file,
    ):
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (10 << 30,)})
        for _ in range(64):
            file.write(bytes(1 << 20))


def lying_header(path: Path) -> None:
    """Make an npz that declares 10^15 values and has one."""
    with zipfile.ZipFile(path, "w") as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**15,)})
        archive.writestr("weights.npy", header.getvalue() + struct.pack("<d", 1.0))


def pickled(path: Path) -> None:
    """Make an npz whose pickle would write a file when it is loaded."""

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, ("PWNED",)

    np.savez(path, weights=np.array([Hostile()], dtype=object))


def many_arrays(path: Path) -> None:
    """Make an npz with more arrays than a network has."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(30_000):
            archive.writestr(f"{number}.npy", b"")


def deep_json(path: Path) -> None:
    """Make JSON that is nested 10^6 deep."""
    path.write_text("[" * 10**6)


def attacks(store: Store) -> Iterator[tuple[str, Callable[[], Any]]]:
    """(name, what is done to the store)."""
    one, outside = store.victim.path, store.outside
    for name in NAMES:
        for kind, by in {
            "link": lambda path: path.symlink_to(outside / "config.yaml"),
            "broken link": lambda path: path.symlink_to(outside / "new"),
            "pipe": os.mkfifo,
            "socket": with_socket,
            "folder": Path.mkdir,
            "3 GB": sparse,
            "deep": deep_json,
        }.items():
            yield f"{name}: {kind}", lambda name=name, by=by: replaced(one / name, by)
    yield "config.yaml: aliases", lambda: replaced(one / "config.yaml", alias_bomb)
    for name in FOLDERS:
        for kind, by in {
            "link": lambda path: path.symlink_to(outside),
            "link to a training": lambda path, name=name: path.symlink_to(outside / "training" / name),
            "pipe": os.mkfifo,
            "file": Path.touch,
        }.items():
            yield f"{name}/: {kind}", lambda name=name, by=by: replaced(one / name, by)
    for name in ("checkpoints/30.npz", "predictions/40.npz"):
        for by in (zip_bomb, lying_header, pickled, many_arrays, sparse, os.mkfifo, Path.mkdir):
            yield f"{name}: {by.__name__}", lambda name=name, by=by: replaced(one / name, by)
        yield f"{name}: link", lambda name=name: replaced(one / name, lambda path: path.symlink_to(outside / "7.npz"))
    for name in (".sweeps", ".labels"):
        yield f"{name}: link", lambda name=name: replaced(store.path / name, lambda path: path.symlink_to(outside))
        yield f"{name}: pipe", lambda name=name: replaced(store.path / name, os.mkfifo)
    for by in (os.mkfifo, sparse, deep_json, lambda path: path.symlink_to(outside / "0123.json")):
        yield "registration", lambda by=by: replaced(next((store.path / ".sweeps").iterdir()), by)
        yield "labels", lambda by=by: replaced(next((store.path / ".labels").iterdir()), by)
    yield "a training: link", lambda: replaced(one, lambda path: path.symlink_to(outside / "training"))
    yield "a training: pipe", lambda: replaced(one, os.mkfifo)
    yield "trash: link", lambda: (store.path / ".trash-1").symlink_to(outside)
    yield "trash: pipe", lambda: os.mkfifo(store.path / ".trash-2")
    for name in ("\x1b[31mred", "a\nb", "\udcff", "\u202etxt", "-rf", "fedcba9876543210"):
        yield f"name {name!r}", lambda name=name: (store.path / name).mkdir()
        yield f"file {name!r}", lambda name=name: (one / name).touch()
        yield f"checkpoint {name!r}", lambda name=name: (one / "checkpoints" / f"{name}.npz").touch()
    for step in ("007", "1" * 30, "٣", "-1", "1e3"):
        yield f"checkpoint {step}", lambda step=step: (one / "checkpoints" / f"{step}.npz").touch()
    for step in (10**30, 10**12, 10**12 + 1):
        yield f"a row of step {step}", lambda step=step: _add_row(store.victim, step)
        yield (
            f"final step {step}",
            lambda step=step: write_atomically(one / "final_steps.json", json.dumps(seal({"steps": [step]})).encode()),
        )


def _add_row(one: Trajectory, step: int) -> None:
    with (one.path / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(seal({"step": step, "loss": 1.0})) + "\n")


def attacked(store: Store, every: int = 1) -> Iterator[str]:
    """Every so manieth attack; yields its name after it was examined."""
    for name, attack in islice(attacks(store), 0, None, every):
        try:
            attack()
            texts = examine(store)
            assert store.trainings[1].fingerprint in texts[0], "the other training is not listed"
        except BaseException as error:
            raise AssertionError(f"attack {name!r}") from error
        store.restore()
        yield name


def peak_mb() -> float:
    """The most memory that this program ever had; that of the process it was started from counts as well where Linux is not."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
        if found:
            return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=1_000, help="of each JSON file")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth attack")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder).resolve())
        tried = sum(1 for _ in attacked(store, options.every))
        made_edits = sum(1 for _ in edits(store, options.edits, options.seed))
    assert peak_mb() < MOST_MB, f"{peak_mb():.0f} MB"
    print(f"{tried} attacks, {made_edits} edits, at most {peak_mb():.0f} MB")


if __name__ == "__main__":
    main()
