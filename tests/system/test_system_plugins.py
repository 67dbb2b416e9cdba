"""What is found by its name is what it has to be: a new helper among the modules of such a package is told at once."""

import pytest

from ablate.__main__ import COMMANDS
from ablate.data import SETS
from ablate.designs.registry import DESIGNS
from ablate.report.figures.all_figures import FIGURES
from ablate.report.search.figures import all_figures as of_searches
from ablate.report.tables.order import TABLES
from ablate.running.backends import BACKENDS
from ablate.search.pruners import PRUNERS
from ablate.search.samplers import SAMPLERS
from ablate.system.plugins import Plugins
from ablate.trainers.registry import TRAINERS

KINDS = (COMMANDS, SETS, DESIGNS, FIGURES, of_searches.FIGURES, TABLES, BACKENDS, PRUNERS, SAMPLERS, TRAINERS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.group)
def test_every_module_beside_the_helpers_is_one(kind: Plugins) -> None:
    assert kind.ours()
    for name in kind.ours():
        assert kind.fits(name, kind.known(name)), name
