"""What the benchmarks measured, as one table at the end."""

from dataclasses import dataclass, field

import pytest


@dataclass
class Table:
    """Rows of what was measured, its figure, its bar and the verdict."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def note(self, what: str, figure: str) -> None:
        """A figure without a bar."""
        self.rows.append((what, figure, "", ""))

    def at_least(self, bar: float, what: str, figure: float, unit: str) -> None:
        """A figure that has to reach a bar."""
        self._judge(what, f"{figure:.2f} {unit}", f"at least {bar:g} {unit}", figure >= bar)

    def under(self, bar: float, what: str, figure: float, unit: str) -> None:
        """A figure that has to stay under a bar."""
        self._judge(what, f"{figure:.2f} {unit}", f"under {bar:g} {unit}", figure < bar)

    def skip(self, what: str, bar: str, reason: str) -> None:
        """A figure that cannot be measured here."""
        self.rows.append((what, "", bar, "skipped"))
        pytest.skip(reason)

    def _judge(self, what: str, figure: str, bar: str, passed: bool) -> None:
        self.rows.append((what, figure, bar, "pass" if passed else "FAIL"))
        assert passed, f"{what}: {figure}, expected {bar}"


TABLE = pytest.StashKey[Table]()


@pytest.fixture
def table(pytestconfig):
    return pytestconfig.stash.setdefault(TABLE, Table())


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash.get(TABLE, Table()).rows
    if rows:
        lines = [("what", "measured", "bar", ""), ("-" * 4, "-" * 8, "-" * 3, ""), *rows]
        widths = [max(len(line[column]) for line in lines) for column in range(4)]
        terminalreporter.section("benchmarks")
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            terminalreporter.line("  ".join(cells).rstrip())
