"""Config files, read once a sweep: Hydra reads and parses all of them anew for each arm, which takes as long as the rest."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig


@contextmanager
def reading_once(loader: Any) -> Iterator[None]:
    """Within it a Hydra config loader reads each config file once. Afterwards it is as it was, for launchers that pickle it."""
    before = loader.repository
    loader.repository = _KeptRepository(before)
    try:
        yield
    finally:
        loader.repository = before


class _KeptRepository:
    """Stands in for the repository of a Hydra config loader, and keeps what it has read from one composition to the next.

    Hydra copies the repository for each composition; this one is its own copy, since files do not change within a sweep.
    """

    def __init__(self, repository: Any) -> None:
        self._repository = repository
        self._kept: dict[tuple[str, str], Any] = {}
        self._places: list[tuple[str, str]] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> "_KeptRepository":
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._repository, name)

    def load_config(self, config_path: str) -> Any:
        """The parsed file, a copy that the composition may change."""
        return copy.deepcopy(self._keep("load_config", config_path))

    def config_exists(self, config_path: str) -> Any:
        """Whether there is such a file."""
        return self._keep("config_exists", config_path)

    def group_exists(self, config_path: str) -> Any:
        """Whether there is such a group."""
        return self._keep("group_exists", config_path)

    def initialize_sources(self, config_search_path: Any) -> None:
        """Read from other places from now on, if they are others."""
        places = [(place.provider, place.path) for place in config_search_path.get_path()]
        if places != self._places:
            self._places = places
            self._kept.clear()
            self._repository.initialize_sources(config_search_path)

    def _keep(self, what: str, config_path: str) -> Any:
        if (what, config_path) not in self._kept:
            self._kept[what, config_path] = getattr(self._repository, what)(config_path=config_path)
        return self._kept[what, config_path]


def config_dir(master: DictConfig) -> str | None:
    """The folder that --config-dir names, as seen from the current one; None where none was named."""
    for source in master.hydra.runtime.config_sources:
        if source.provider == "command-line" and source.schema == "file":
            path = Path(str(source.path)).resolve()
            return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
    return None
