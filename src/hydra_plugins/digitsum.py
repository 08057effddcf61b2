"""Two sweepers: one expands a grid as Hydra's own does, but begins at once; the other seeks memory
spans: it asks, launches a batch, reads back, asks again.

They stand here because Hydra takes plugins from this namespace alone; what they ask is
`digitsum.sweeps`'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hydra._internal.core_plugins import basic_sweeper
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

if TYPE_CHECKING:
    from digitsum.sweeps.complete import Jobs


class GridSweeper(basic_sweeper.BasicSweeper):
    """Hydra's own, but that it launches no job that is complete already, and composes beforehand
    only as many as answer for all. Programs of others that share an environment get it, too.
    """

    jobs: "Jobs | None" = None  # of a sweep of ours

    def split_arguments(  # type: ignore[override]  # Hydra's is static
        self, overrides: list[Override], max_batch_size: int | None
    ) -> list[list[list[str]]]:
        from digitsum.sweeps.complete import Jobs, is_sweep

        assert self.config is not None
        assert self.hydra_context is not None
        (jobs,) = super().split_arguments(overrides, None)
        if is_sweep(self.config):
            self.jobs = Jobs(self.config, self.hydra_context.config_loader)
            jobs = self.jobs.to_do(jobs)
        return [*self.split_overrides_to_chunks(jobs, max_batch_size)] if jobs else []

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        from digitsum.sweeps.beforehand import representatives

        assert self.config is not None
        groups = self.config.hydra.runtime.choices
        few = representatives(batch, groups)
        if self.jobs is not None:
            few = [job for job in few if not self.jobs.can_be_composed(job)]
        super().validate_batch_is_legal(few)  # which says why one of them can't be


@dataclass
class GridSweeperConf(basic_sweeper.BasicSweeperConf):
    """What Hydra's own is told."""

    _target_: str = "hydra_plugins.digitsum.GridSweeper"


# In the place of Hydra's own, which composes every job before the first one trains: over a minute
# of a study with hundreds.
ConfigStore.instance().store(group="hydra/sweeper", name="basic", node=GridSweeperConf)


class SpanSweeper(Sweeper):
    """See `conf/hydra/sweeper/spans.yaml`.

    Args:
        params: overrides that have one value or several; each combination is sought for itself.
        rule: the rest, see `digitsum.sweeps.span_rule.Rule`.
    """

    def __init__(self, params: dict[str, Any] | None = None, **rule: Any) -> None:
        self.rule = rule
        self.launcher: Launcher | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> list[Any]:
        # Only now: Hydra imports its plugins at every start.
        from digitsum.sweeps.complete import Jobs
        from digitsum.sweeps.manifest import jobs_of
        from digitsum.sweeps.span_rule import Rule
        from digitsum.sweeps.spans import rounds

        assert self.config is not None
        assert self.launcher is not None
        assert self.hydra_context is not None
        jobs = Jobs(self.config, self.hydra_context.config_loader)
        OmegaConf.save(self.config, jobs.folder / "multirun.yaml")
        returns: list[Any] = []
        asked = 0
        for batch in rounds(Rule(**self.rule), jobs_of(self.config), jobs.folder):
            if not jobs.all_done(batch, asked):
                done = self.launcher.launch(batch, initial_job_idx=asked)
                for one in done:
                    _ = one.return_value  # raises where the job did
                returns += done
            asked += len(batch)
        return returns
