"""What this process may have of the machine: memory, cores, machine code; within its bounds."""

import math
import os
import platform
from pathlib import Path

import psutil

_CGROUPS = Path("/sys/fs/cgroup")
UNBOUNDED = 2**60  # bytes; the first version of cgroups says "no limit" by a number near 2^63


def compiles() -> bool:
    """Whether Numba makes machine code here, which a variable of the environment can stop."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")


def free_memory(groups: Path = _CGROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """Bytes that this process can still take without swapping.

    Args:
        groups: where the kernel shows control groups, which bound containers and batch jobs.
        own: where it says which of them this process is in.
    """
    found = [int(psutil.virtual_memory().available)]
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        for folder in _folders(groups, own, "memory"):
            most, taken = _number(folder / limit), _number(folder / used)
            if most is not None and most < UNBOUNDED:
                # What files hold in memory counts as used, and is given back when it is wanted.
                cached = _entry(folder / "memory.stat", ("inactive_file", "total_inactive_file"))
                found.append(int(most - max(0, (taken or 0) - cached)))
    return max(0, min(found))


def free_gpu_memory() -> int:
    """Bytes of the GPU's own memory that nobody holds. There must be one."""
    import torch  # only now, since it takes a second

    return int(torch.cuda.mem_get_info()[0])


def described() -> str:
    """What a result was made on, for whoever reads it later: system, processor, cores."""
    return f"{platform.system()} {platform.machine()}, {_processor()}, {usable_cores()} cores"


def _processor() -> str:
    """Its name, as far as the system says."""
    named = [line for line in _text(Path("/proc/cpuinfo")).splitlines() if "model name" in line]
    return named[0].partition(":")[2].strip() if named else platform.processor()


def taken_memory() -> int:
    """Bytes of memory that this process holds."""
    return int(psutil.Process().memory_info().rss)


def usable_cores(groups: Path = _CGROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """How many cores this process may run on at once, a container's share rounded up."""
    bound = hasattr(os, "sched_getaffinity")
    found = [float(len(os.sched_getaffinity(0)) if bound else os.cpu_count() or 1)]
    for folder in _folders(groups, own, "cpu"):
        words = _text(folder / "cpu.max").split()
        if len(words) == 2 and words[0].isdecimal():
            found.append(int(words[0]) / int(words[1]))
        quota, period = (_number(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
        if quota and period and quota > 0:
            found.append(quota / period)
    return max(1, math.ceil(min(found)))


def _folders(groups: Path, own: Path, controller: str) -> list[Path]:
    """Folders of the groups that this process is in, and of all above them: any may bound it."""
    places = []
    for line in _text(own).splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers == "":  # the second version has one tree for all
            root = groups
        elif controller in controllers.split(","):
            root = groups / controller if (groups / controller).is_dir() else groups / controllers
        else:
            continue
        inner = root / path.strip("/")
        places += [one for one in (inner, *inner.parents) if one.is_relative_to(root)]
    return list(dict.fromkeys(places))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.lstrip("-").isdecimal() else None


def _entry(path: Path, names: tuple[str, ...]) -> int:
    known = dict(line.split(maxsplit=1) for line in _text(path).splitlines() if " " in line)
    return max((int(known[name]) for name in names if name in known), default=0)
