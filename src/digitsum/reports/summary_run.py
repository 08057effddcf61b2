"""A sweep's answer as a run of its own in TensorBoard: its first figure, its table and its words.

TensorBoard sorts by name, so that `answer` comes first. No curve is among them: its charts smooth
whatever they draw, and accuracy against length must not be bent.
"""

from digitsum.reports.page import Page
from digitsum.reports.picture import table
from digitsum.reports.table import best_first
from digitsum.reports.told import summary
from digitsum.runs.folders import Folder
from digitsum.sweeps.collected import Sweep

FOLDER = "answer"


def write_summary_run(page: Page, found: Sweep, own: Folder) -> None:
    """Write them anew, beside the jobs that TensorBoard knows."""
    place = found.folder / FOLDER
    events = (f"{FOLDER}/events.out.tfevents.*", f"{FOLDER}/*/events.out.tfevents.*")
    own.clear(events)
    if not found.in_tensorboard:
        return
    # Here, because a report without TensorBoard needn't wait for torch.
    from torch.utils.tensorboard import SummaryWriter

    from digitsum.training.logbooks.tensorboard import add_png, own_events

    own.add([f"{FOLDER}/{own_events()}"])
    with SummaryWriter(str(place)) as writer:
        for picture in page.pictures[:1]:
            add_png(writer, f"answer/{picture.name}", found.folder / f"{picture.file}.png")
        title = f"{found.done}, best on dev first"
        ranked = best_first(found, page.results.rows)
        writer.add_figure("answer/table", table(page.results.head, ranked, title))
        writer.add_text("answer", summary(page))
