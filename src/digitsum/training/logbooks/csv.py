"""Lightning's own CSV."""

from pathlib import Path

from lightning.pytorch.loggers import CSVLogger

from digitsum.training.logbooks.book import Book, within


class CSVBook(Book[CSVLogger]):
    def files(self, folder: Path) -> list[str]:
        return within(folder, self.logger.log_dir, ["metrics.csv", "hparams.yaml"])
