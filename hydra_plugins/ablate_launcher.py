"""The launcher class that Hydra finds here, one for all back ends; the logic is in `ablate.running.launching`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from ablate.running.launching import Launching


class BackendLauncher(Launcher):
    """Trains what runs stand on, on the back end of the config's name; it obeys workers, threads, retries and fail_fast."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what is needed later."""
        self.context, self.task, self.config = hydra_context, task_function, config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Refused: the runs of another sweeper than ours have no plan."""
        from ablate.errors import AblateError

        raise AblateError(
            f"hydra/launcher={self.config.hydra.runtime.choices['hydra/launcher']} works only with hydra/sweeper=ablate. "
            "For another sweeper, use hydra/launcher=basic."
        )


def launching(context: HydraContext, task: TaskFunction, config: DictConfig) -> "Launching | None":
    """What trains where the config says; None where it names a launcher that is none of ours."""
    node = config.hydra.launcher
    target = node.get("_target_") if isinstance(node, DictConfig) else None
    if target != f"{BackendLauncher.__module__}.{BackendLauncher.__qualname__}":
        return None
    from ablate.running.launching import Launching

    launcher = Plugins.instance().instantiate_launcher(hydra_context=context, task_function=task, config=config)
    assert isinstance(launcher, BackendLauncher)
    return Launching(context, task, config, launcher.options)
