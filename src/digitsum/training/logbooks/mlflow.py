"""MLflow: one store for the runs of a sweep, a run of its own for each of ours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import MLFlowLogger

from digitsum import shell
from digitsum.training.logbooks.book import Book, Outcome, Run

# MLflow's tags for what a run is called; the same name is the same run, made anew.
NAME = "mlflow.runName"
MOST = 1000  # metrics in a batch, of MLflow's own


class MLFlowBook(Book[MLFlowLogger]):
    def announce(self, run: Run) -> None:
        self._only()
        super().announce(run)
        self.logger.experiment.log_text(self._id, run.config, "config.yaml")

    def points(self, points: Sequence[dict[str, Any]]) -> None:
        """Of curves: `values` by name, `step`, and `at` (ms), so that it may be told twice."""
        from mlflow.entities import Metric

        metrics = [
            Metric(name, float(value), point["at"], point["step"])
            for point in points
            for name, value in point["values"].items()
        ]
        for first in range(0, len(metrics), MOST):
            batch = metrics[first : first + MOST]
            self.logger.experiment.log_batch(self._id, metrics=batch)

    def figure(self, name: str, path: Path, step: int) -> None:
        self.logger.experiment.log_artifact(self._id, str(path), "figures")

    def conclude(self, outcome: Outcome, step: int) -> None:
        self.logger.experiment.log_text(self._id, outcome.table, "results.md")
        super().conclude(outcome, step)

    def browse(self, folder: Path) -> str:
        return shell.quoted(["mlflow", "ui", "--backend-store-uri", str(self.logger._tracking_uri)])

    @property
    def _id(self) -> str:
        assert self.logger.run_id is not None
        return self.logger.run_id

    def _only(self) -> None:
        """Of a run that is made again, or resumed and told again, the store keeps the last."""
        client, mine = self.logger.experiment, self._id
        name = client.get_run(mine).data.tags[NAME]
        wanted = f"tags.`{NAME}` = '{name}'".replace("\\", "\\\\")
        for other in client.search_runs([str(self.logger.experiment_id)], wanted):
            if other.info.run_id != mine:
                client.delete_run(other.info.run_id)
