"""How a command ends: one clear line and status 1 for a mistake of the user's."""

import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
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

from digitsum.errors import UserError
from digitsum.runs import alive, manual
from digitsum.runs.rules import near

# Groups in which choices come with packages of their own.
PLUGINS = {
    "hydra/sweeper": "; optuna is there after pip install -r requirements-search.txt",
    "hydra/launcher": "; joblib, submitit are there after pip install -r requirements-scale.txt",
}


def run(
    main: Callable[[], Any],
    config_dir: str,
    config_name: str,
    lists: tuple[str, ...] = (),
    paths: tuple[str, ...] = (),
) -> None:
    """Run a `hydra.main` function; tell mistakes in one line, leave defects their traceback.

    Args:
        main: the decorated function.
        config_dir: absolute path of the configurations, to name near misses from.
        config_name: the one that `main` composes.
        lists: keys whose values may be joined by commas (`KEY=1,2`), which Hydra takes for a sweep.
        paths: keys whose values are folders, such as a job's, whose name has `=` and `,` in it.
    """
    for index, word in enumerate(sys.argv):
        key, _, value = word.partition("=")
        if key in lists and "," in value and not value.startswith(("[", "'", '"')):
            sys.argv[index] = f"{key}=[{value}]"
        if key in paths and set("=,") & set(value) and not value.startswith(("[", "'", '"')):
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            sys.argv[index] = f'{key}="{escaped}"'
    if {"--help", "-h"} & set(sys.argv):
        usage = sys.modules["__main__"].__doc__ or ""
        manual.show(usage, Path(config_dir), config_name)
        return
    parser = get_args_parser()
    parser.error = fail  # type: ignore[method-assign]  # argparse's own is several lines, status 2
    parser.parse_args()
    threading.excepthook = _in_a_thread
    wants_trace = os.environ.get("HYDRA_FULL_ERROR") == "1"
    # Without it Hydra prints errors of its own, several lines long, and exits.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        main()
    except (UserError, HydraException, OmegaConfBaseException) as error:
        if wants_trace:
            raise
        fail(_one_line(error, config_dir, config_name))
    except (TypeError, ValueError) as error:
        # Hydra's own, for a group that is given something other than a name (`model=5`).
        if wants_trace or not _in_the_defaults(error):
            raise
        fail(f"{' '.join(sys.argv[1:])}: a group is given the name of a choice ({error})")
    except KeyboardInterrupt:
        fail("interrupted")
    except Exception as error:
        if wants_trace or (words := of_the_machine(error)) is None:
            raise
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
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return f"{place}{error.strerror or error}"
    kind, text = type(error).__name__, str(error)
    if isinstance(error, MemoryError) or kind == "OutOfMemoryError" or "can't allocate" in text:
        return "out of memory; fewer replicas at once (seed=0,16 replicas=16) need less"
    if kind in ("TerminatedWorkerError", "BrokenProcessPool"):
        return "a worker process was killed; what was complete stays, the same command goes on"
    return None


def fail(message: str) -> NoReturn:
    """End the command: one line, status 1."""
    alive.end()
    sys.stdout.flush()
    sys.exit("error: " + " ".join(message.split()))


def _one_line(error: Exception, config_dir: str, config_name: str) -> str:
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
        keys = _keys(config_dir, config_name)
        if key not in keys:
            return f"{key}: no such key{near(key, keys)}"
    if isinstance(error, OverrideParseException):
        return f"{error.override}: not an override; KEY=VALUE is expected"
    text = str(error).strip() or type(error).__name__
    if isinstance(error, HydraException) and error.__cause__ is not None:
        text += f" ({str(error.__cause__).splitlines()[0]})"
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def _keys(config_dir: str, config_name: str) -> list[str]:
    """All keys that the configuration has without overrides, and its groups."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    GlobalHydra.instance().clear()
    with initialize_config_dir(config_dir, version_base="1.3"):
        config = compose(config_name, return_hydra_config=True)
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
