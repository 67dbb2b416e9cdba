"""What a sampler and a pruner are. Each is one file; Optuna is imported where one is made, so that help does not wait."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from ablate.search.parameters import Parameter
from ablate.system.plugins import Plugins

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler


@dataclass(frozen=True)
class Sampler:
    """A way to propose settings.

    of: where the class is or the function that makes one, as in `optuna.samplers:TPESampler`; it takes the parameters that are
        given and `seed`.
    parameters: by name, in the order in which they are shown.
    objectives: how many it can serve.
    needs: the module that has to be there, and what to install for it.
    one_sequence: whether its points are those of one seed, in an order that the storage keeps.
    ranges: whether it knows no lists.
    finite: whether every key needs values that can be counted.
    search_space: whether it is told all of them at once.
    refusal: what is wrong with parameters that are each right; None where nothing is.
    """

    of: str
    parameters: Mapping[str, Parameter]
    objectives: tuple[int, ...] = (1, 2)
    needs: tuple[str, str] | None = None
    one_sequence: bool = False
    ranges: bool = False
    finite: bool = False
    search_space: bool = False
    refusal: Callable[[Mapping[str, Any]], str | None] = lambda given: None

    def made(self, **given: Any) -> "BaseSampler":
        """One with these parameters."""
        made: BaseSampler = resolve_name(self.of)(**given)
        return made


@dataclass(frozen=True)
class Pruner:
    """A rule that ends trials.

    of: as a sampler's; None where no trial is ended.
    parameters: by name, in the order in which they are shown.
    filled: the parameters that are given with those that depend on the search: (given, examples before which no trial is ended,
        examples of a whole training).
    """

    of: str | None
    parameters: Mapping[str, Parameter]
    filled: Callable[[dict[str, Any], int, int], dict[str, Any]] = lambda given, least, budget: given

    def made(self, **given: Any) -> "BasePruner | None":
        """One with these parameters."""
        made: BasePruner | None = None if self.of is None else resolve_name(self.of)(**given)
        return made


def node(known: Plugins, name: str) -> dict[str, Any]:
    """What the config has of a sampler or pruner; of one that cannot be loaded no parameters, which a search with it says.

    known: the samplers or the pruners.
    """
    try:
        found: Sampler | Pruner = known.find(name)
        content = {"name": name, **{key: one.default for key, one in found.parameters.items() if one.listed}}
        OmegaConf.create(content)
    except Exception:  # whatever another package has wrong
        return {"name": name}
    return content
