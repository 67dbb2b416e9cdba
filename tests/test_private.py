"""What other libraries do not promise is used in one place each, and is what it was."""

import ast
from pathlib import Path

import optuna
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, QuotedString

from ablate.config import hydra_private
from ablate.search import optuna_private

ROOT = Path(__file__).parents[1]
# The sampler of CMA-ES is a subclass of Optuna's.
ADAPTERS = {"ablate/search/optuna_private.py", "ablate/search/cmaes_state.py", "ablate/config/hydra_private.py"}
OWN = {"self", "cls"}
STANDARD = {"os._exit", "sys._getframe"}


def private(path: Path) -> list[str]:
    """The names with an underscore that a module takes from elsewhere: of imported libraries and of their objects."""
    tree = ast.parse(path.read_text())
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith(("ablate", "hydra_plugins")):
            parts = [*node.module.split("."), *(alias.name for alias in node.names)]
            found += [f"{node.module}: {part}" for part in parts if part.startswith("_") and not part.startswith("__")]
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            written = ast.unparse(node)
            if written.partition(".")[0] not in OWN or written.count("._") > 1:
                found.append(written)
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    defined |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    return [name for name in found if name not in STANDARD and name.rpartition(".")[2] not in defined]


@pytest.mark.parametrize(
    "path", sorted({*ROOT.glob("ablate/search/*.py"), *ROOT.glob("ablate/config/*.py")}), ids=lambda path: path.name
)
def test_only_the_adapters_use_what_is_not_promised(path: Path) -> None:
    found = private(path)
    assert bool(found) == (str(path.relative_to(ROOT)) in ADAPTERS), found


def test_optuna_has_what_the_adapter_uses() -> None:
    grid = optuna.samplers.GridSampler({"lr": [0.1, 0.2]})
    study = optuna.create_study(sampler=grid)
    trial = study.ask()
    assert optuna_private.stored(study, trial).number == 0
    frozen = study.get_trials()[0]
    optuna_private.note(study, frozen, "status", "lapsed")
    optuna_private.note_for_sampler(study, frozen, "generation", 3)
    again = optuna_private.stored(study, frozen)
    assert (again.user_attrs, again.system_attrs["generation"]) == ({"status": "lapsed"}, 3)
    assert optuna_private.system_attrs(study) == {}
    assert optuna_private.storage_of(study).get_all_studies()[0].study_name == study.study_name
    assert sorted(optuna_private.point_of_grid(grid, place)["lr"] for place in (0, 1)) == [0.1, 0.2]
    assert [operation.name for operation in optuna_private.JournalOperation] == [
        *("CREATE_STUDY", "DELETE_STUDY", "SET_STUDY_USER_ATTR", "SET_STUDY_SYSTEM_ATTR", "CREATE_TRIAL", "SET_TRIAL_PARAM"),
        *("SET_TRIAL_STATE_VALUES", "SET_TRIAL_INTERMEDIATE_VALUE", "SET_TRIAL_USER_ATTR", "SET_TRIAL_SYSTEM_ATTR"),
        "DISCARD_TRIALS",
    ]


def test_hydra_has_what_the_adapter_uses() -> None:
    parse = OverridesParser.create().parse_override
    quoted = hydra_private.value_of(parse("a='b c'"))
    assert isinstance(quoted, QuotedString)
    assert (hydra_private.converted(quoted), hydra_private.written(quoted)) == ("b c", "'b c'")
    sweep = hydra_private.value_of(parse("a=3,1,2"))
    assert isinstance(sweep, ChoiceSweep)
    assert hydra_private.sort(sweep).list == [1, 2, 3]
    assert hydra_private.located("pathlib.Path") is Path
