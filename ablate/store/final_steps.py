"""The steps of a training that runs asked for, noted while others train it: where they end, and where else they are read."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ablate.store.checksums import DAMAGE, unseal, write_sealed
from ablate.store.evaluations import is_step
from ablate.store.files import MOST_JSON_BYTES, content_of, lock, make_folder, parse_json, writing

FINAL_STEPS = "final_steps.json"


@dataclass(frozen=True)
class FinalSteps:
    """final_steps.json of a training. folder: of the training, in its store."""

    folder: Path

    def read(self) -> tuple[list[int], list[int]]:
        """(the steps at which runs end, and keep a checkpoint; those at which they are read besides, and keep none).

        None where the file is damaged. Older versions wrote a bare list of the former.
        """
        try:
            content = parse_json(content_of(self.folder / FINAL_STEPS, MOST_JSON_BYTES, self.folder.parent) or b"")
            noted = {"steps": content} if isinstance(content, list) else unseal(content, wanted=True)[0]
            finals, read = ([step for step in noted.get(key, []) if is_step(step)] for key in ("steps", "read"))
            return finals, read
        except (*DAMAGE, TypeError, AttributeError):
            return [], []

    def add(self, step: int, read: Iterable[int]) -> None:
        """Note one more, and where it is read besides. Any process may, at any time.

        Raises:
            AblateError: the store cannot be written.
        """
        with self.noting():
            finals, before = self.read()
            besides = sorted({*before, *read} - {step})
            noted = {"steps": sorted({*finals, step}), **({"read": besides} if besides else {})}
            write_sealed(self.folder / FINAL_STEPS, noted, self.folder.parent)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Hold the right to write what is written without the lock of the training."""
        with writing(self.folder / FINAL_STEPS):
            make_folder(self.folder, self.folder.parent)
            held = lock(self.folder / ".final_steps.lock", self.folder.parent)
            held.acquire()
        try:
            yield
        finally:
            held.release()
