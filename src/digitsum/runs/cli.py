"""How a command ends: one clear line and status 1 for a mistake of the user's."""

import inspect
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from hydra._internal.utils import get_args_parser
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from digitsum import shell, streams
from digitsum.errors import Stopped, UserError
from digitsum.runs import alive, locks, manual
from digitsum.runs.folders import KEYS
from digitsum.runs.hydra_keys import ADDED
from digitsum.runs.mistakes import in_one_line, of_the_machine
from digitsum.runs.places import key_of
from digitsum.runs.search_path import CONF
from digitsum.runs.typed import taken

# Libraries that would tell each step of theirs where hydra.verbose asks for ours.
CHATTY = ("numba", "matplotlib", "PIL", "fontTools", "fsspec", "asyncio", "filelock", "git")
# Options by which another configuration, such as a stored one, takes the place of conf/'s; and what
# that says of checks and names.
ELSEWHERE = ("--config-path", "-cp", "--config-name", "-cn")
OURS = [*ADDED, "hydra.job.name=train"]
STOPPED = 128  # by a signal, whose number is added: what shells say of it
_wants_trace = False  # HYDRA_FULL_ERROR=1, as the command was given


def run(main: Callable[[], Any], config_name: str, usage: str, lists: tuple[str, ...] = ()) -> None:
    """Run a `hydra.main` function; tell mistakes in one line, leave defects their traceback.

    Args:
        main: the decorated function.
        config_name: the one that `main` composes.
        usage: how to call it, with examples.
        lists: keys whose values may be joined by commas (`KEY=1,2`), which Hydra takes for a sweep.
    """
    begin()
    typed = sys.argv[1:]
    sys.argv[1:] = taken(typed, lists)
    if any(word.startswith(ELSEWHERE) for word in typed):
        sys.argv += OURS
    if {"--help", "-h"} & set(sys.argv):
        manual.show(inspect.cleandoc(usage), CONF, config_name)
        return
    parser = get_args_parser()
    parser.error = fail  # type: ignore[method-assign]  # argparse's own is several lines, status 2
    parser.parse_args()
    threading.excepthook = _in_a_thread
    # Without it Hydra prints errors of its own, several lines long, and exits.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        main()
    except (UserError, HydraException, OmegaConfBaseException) as error:
        fail(in_one_line(error, config_name))
    except (TypeError, ValueError) as error:
        # Hydra's own, for a group that is given something other than a name (`model=5`).
        if not _in_the_defaults(error):
            raise
        fail(f"{' '.join(sys.argv[1:])}: a group is given the name of a choice ({error})")
    except Stopped as stopped:
        fail(f"{stopped}. Go on by: {_going_on(typed)}", STOPPED + stopped.number)
    except KeyboardInterrupt:
        going = f". Go on by: {_going_on(typed)}" if locks.holding() else ""
        fail(f"interrupted{going}", STOPPED + signal.SIGINT)
    except Exception as error:
        if (words := of_the_machine(error)) is None:
            raise
        fail(words)
    finally:
        sys.stdout.flush()


def begin() -> None:
    """What a process of ours sets before anything heavy is imported."""
    global _wants_trace
    _wants_trace = _wants_trace or os.environ.get("HYDRA_FULL_ERROR") == "1"
    streams.forgive()
    # Figures are files; a backend that isn't there would stop matplotlib as it is imported.
    os.environ["MPLBACKEND"] = "agg"
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _going_on(typed: Sequence[str]) -> str:
    """The command that goes on where this one was stopped, in the folder that it has; the jobs of a
    sweep do so without being asked.
    """
    folder = locks.holding()
    of_a_run = any(word.startswith(KEYS["run"]) for word in folder)
    added = [*(["resume=true"] if of_a_run else []), *folder]
    keys = {key_of(word) for word in added}
    return shell.command("train", *(word for word in typed if key_of(word) not in keys), *added)


def refusing(check: Callable[[], None]) -> None:
    """End the command where a check before it fails, foreseen or not: Hydra would go on."""
    try:
        check()
    except (UserError, HydraException, OmegaConfBaseException) as error:
        fail(str(error))
    except Exception as error:
        if (words := of_the_machine(error)) is None:
            alive.end()
            traceback.print_exc()
            fail(f"the check before a run failed: {type(error).__name__}: {error}")
        fail(words)


@contextmanager
def told() -> Iterator[None]:
    """End a single run at a mistake of the user's, without Hydra's own words around it."""
    try:
        yield
    except UserError as error:
        fail(str(error))
    except Exception as error:
        if (words := of_the_machine(error)) is None:
            raise
        fail(words)
    finally:
        alive.end()


def _in_the_defaults(error: Exception) -> bool:
    """Whether it was raised while Hydra chose what is in the groups."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return "Config group override" in str(error) or last.filename.endswith("defaults_list.py")


def _in_a_thread(failed: threading.ExceptHookArgs) -> None:
    """TensorBoard's writer hands its failure on to whoever writes next, who tells it."""
    if not (isinstance(failed.exc_value, Exception) and of_the_machine(failed.exc_value)):
        threading.__excepthook__(failed)


class _StoppedError(SystemExit):
    """The command was stopped from outside: its last line, and how it ends."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


@contextmanager
def last_line() -> Iterator[None]:
    """How to go on is said last, below the report of what is there; with the status by which
    shells know that a command was stopped.
    """
    try:
        yield
    except _StoppedError as stopped:
        print(stopped.code, file=sys.stderr, flush=True)
        sys.exit(stopped.status)


def fail(message: str, status: int = 1) -> NoReturn:
    """End the command: one line; before it, where HYDRA_FULL_ERROR=1, the traceback."""
    alive.end()
    if _wants_trace and sys.exc_info()[0] is not None:
        traceback.print_exc()
    sys.stdout.flush()
    words = "error: " + " ".join(message.split())
    if status == 1:
        sys.exit(words)
    if sys.stderr.isatty():
        print(file=sys.stderr)  # the terminal has written ^C in the line
    raise _StoppedError(words, status)
