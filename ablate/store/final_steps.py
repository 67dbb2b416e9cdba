"""The steps of a training that runs asked for, noted while others train it."""

from collections.abc import Iterator
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

    def read(self) -> list[int]:
        """The steps; none where the file is damaged. Older versions wrote a bare list."""
        try:
            content = parse_json(content_of(self.folder / FINAL_STEPS, MOST_JSON_BYTES, self.folder.parent) or b"")
            finals = content if isinstance(content, list) else unseal(content, wanted=True)[0]["steps"]
            return [step for step in finals if is_step(step)]
        except (*DAMAGE, TypeError):
            return []

    def add(self, step: int) -> None:
        """Note one more. Any process may, at any time.

        Raises:
            AblateError: the store cannot be written.
        """
        with self.noting():
            write_sealed(self.folder / FINAL_STEPS, {"steps": sorted({*self.read(), step})}, self.folder.parent)

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
