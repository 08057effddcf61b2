"""How a command ends: one clear line and status 1 for a mistake of the user's."""

import inspect
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from hydra._internal.utils import get_args_parser
from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from digitsum import shell, streams
from digitsum.errors import Stopped, UserError
from digitsum.runs import alive, folders, manual
from digitsum.runs.hydra_keys import ADDED
from digitsum.runs.manual import composed
from digitsum.runs.rules import near
from digitsum.runs.search_path import CONF
from digitsum.runs.shape import key_of
from digitsum.runs.typed import quoted_form, taken

# Libraries that would tell each step of theirs where hydra.verbose asks for ours.
CHATTY = (*("numba", "matplotlib", "PIL", "fontTools", "fsspec", "asyncio", "filelock", "git"),)
# Options by which another configuration, such as a stored one, takes the place of conf/'s; and what
# that says of checks and names.
ELSEWHERE = ("--config-path", "-cp", "--config-name", "-cn")
OURS = [*ADDED, "hydra.job.name=train"]
_wants_trace = False  # HYDRA_FULL_ERROR=1, as the command was given

# Groups in which choices come with packages of their own.
PLUGINS = {
    "hydra/sweeper": "; optuna is there after pip install -r requirements-search.txt",
    "hydra/launcher": "; joblib, submitit are there after pip install -r requirements-scale.txt",
}


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
        fail(f"{stopped}. Go on by: {_going_on(typed)}")
    except KeyboardInterrupt:
        fail(f"interrupted. Go on by: {_going_on(typed)}" if folders.holding() else "interrupted")
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
    """The command that goes on where this one was stopped, in the folder that it has."""
    added = ["resume=true", *folders.holding()]
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


def of_the_machine(error: Exception) -> str | None:
    """A full disk, a folder that may not be written, no memory left, a worker that was killed: what
    to say of it. None for what is a defect.
    """
    if isinstance(error, OSError) and not (error.filename is None and error.errno is None):
        if error.filename is None:
            return f"{error.strerror or error} (HYDRA_FULL_ERROR=1 shows where)"
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return f"{place}{error.strerror or error}"
    kind, text = type(error).__name__, str(error)
    if isinstance(error, MemoryError) or kind == "OutOfMemoryError" or "can't allocate" in text:
        return "out of memory; fewer replicas at once (seed=0,16 replicas=16) need less"
    if kind in ("TerminatedWorkerError", "BrokenProcessPool"):
        return "a worker process was killed; what was complete stays, the same command goes on"
    return None


def fail(message: str) -> NoReturn:
    """End the command: one line, status 1; before it, where HYDRA_FULL_ERROR=1, the traceback."""
    alive.end()
    if _wants_trace and sys.exc_info()[0] is not None:
        traceback.print_exc()
    sys.stdout.flush()
    sys.exit("error: " + " ".join(message.split()))


def in_one_line(error: Exception, config_name: str) -> str:
    """What to say of an error of ours, Hydra's or OmegaConf's."""
    if isinstance(error, MissingConfigException):
        missing = (error.missing_cfg_file or "").removesuffix(".yaml")
        group, _, choice = missing.rpartition("/")
        if group:
            options = [option for option in error.options or [] if option]
            words = f"{group}={choice}: no such choice; {group} has {', '.join(options)}"
            return words + (PLUGINS.get(group) or near(choice, options))
    unmatched = "Could not override '"
    if isinstance(error, ConfigCompositionException) and str(error).startswith(unmatched):
        key = str(error).split("'")[1]
        keys = _keys(config_name)
        if key not in keys:
            return f"{key}: no such key{near(key, keys)}"
    if isinstance(error, OverrideParseException):
        if (form := quoted_form(error.override)) is not None:
            return (
                f"{error.override}: Hydra can't read the value; it can in quotes: "
                + shell.quoted([form])
            )
        return f"{error.override}: not an override; KEY=VALUE is expected"
    if isinstance(error, ConfigCompositionException) and (signs := _of_signs(str(error))):
        return signs
    text = str(error).strip() or type(error).__name__
    if isinstance(error, HydraException) and error.__cause__ is not None:
        text += f" ({str(error.__cause__).splitlines()[0]})"
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def _of_signs(text: str) -> str | None:
    """What to say of an override with a `+` too many, or with several values for one run."""
    added = re.search(r"Could not append to config(?: group)?\.? .*?'([^']+)'", text)
    if added is not None:
        word = next((one for one in sys.argv if one.startswith(f"+{added[1].split('@')[0]}")), "")
        return f"{word or added[1]}: there is one already; write {word.lstrip('+')}, without the +"
    doubled = re.search(r"Multiple values for ([^.]+)\. To override", text)
    if doubled is not None:
        word = next((one for one in sys.argv if one.startswith(f"+{doubled[1]}=")), "")
        told = word or f"+{doubled[1]}=..."
        return f"{told}: there is one already; write {told[1:]}, without the +"
    several = re.search(r"Ambiguous value for argument '([^']*)'", text)
    if several is not None:
        form = shell.quoted([quoted_form(several[1]) or several[1]])
        return (
            f"{several[1]}: several values make a sweep, with -m (a single one that has commas "
            f"stands in quotes: {form})"
        )
    return None


def _keys(config_name: str) -> list[str]:
    """All keys that the configuration has without overrides, and its groups."""
    config = composed(str(CONF), config_name)
    groups = [str(group) for group in config.hydra.runtime.choices if "hydra/" not in str(group)]

    def walk(node: object, prefix: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        paths = {f"{prefix}{name}": child for name, child in node.items()}
        return [key for path, child in paths.items() for key in (path, *walk(child, f"{path}."))]

    tree = OmegaConf.to_container(config)
    assert isinstance(tree, dict)
    tree.pop("hydra")
    return groups + walk(tree, "")
