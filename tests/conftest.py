import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_traces_of_the_home_folder(tmp_path_factory):
    """Caches lie in the temporary folder; no window is opened; tracebacks are as users have them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ABLATE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("MPLBACKEND", "agg")
        patch.delenv("HYDRA_FULL_ERROR", raising=False)
        yield


@pytest.fixture
def environment():
    """The environment variables for a program that a test starts: nothing of the checkout is on its path."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "HYDRA_FULL_ERROR")}
    return kept | {"COLUMNS": "120"}


def pytest_addoption(parser):
    parser.addoption("--bench-rounds", type=int, default=5, help="how often each benchmark is measured")
