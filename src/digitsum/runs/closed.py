"""What a stored run may name to be built: for each place the classes that `conf/` can choose there,
with arguments that are plain values. Nothing else is looked up, let alone called.
"""

import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import yaml

from digitsum.errors import UserError
from digitsum.runs.search_path import CONF

GROUPS = ("model", "embedding", "init", "data")
TARGET, PARTIAL = "_target_", "_partial_"
Plain = str | int | float | bool | None


@cache
def allowed() -> dict[str, frozenset[str]]:
    """For each place (`model`, `init.input`, `data.source`) the names that `conf/` has there."""
    found: dict[str, set[str]] = {}

    def walk(node: Any, place: str) -> None:
        if isinstance(node, dict):
            if TARGET in node:
                found.setdefault(place, set()).add(str(node[TARGET]))
            for key, child in node.items():
                walk(child, f"{place}.{key}")

    for group in GROUPS:
        for path in sorted((CONF / group).glob("*.yaml")):
            tree = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            walk(tree.get(group, tree), group)
    return {place: frozenset(names) for place, names in found.items()}


def check_closed(tree: dict[str, Any], of: str) -> None:
    """Refuse a stored configuration that would build anything else.

    Args:
        tree: the configuration, not resolved.
        of: what to call it, its path.

    Raises:
        UserError: naming the place and what stands there.
    """
    for key, value in _leaves(tree, ""):
        if isinstance(value, str) and "${" in value:
            raise UserError(f"{of}: {key} is {value!r}; a stored run has values alone")
    for group in GROUPS:
        _check_place(tree[group], group, of)


def _check_place(node: Any, place: str, of: str) -> None:
    known = allowed().get(place)
    if known is None:
        raise UserError(f"{of}: {place} is a group; nothing is built there")
    name = node.get(TARGET) if isinstance(node, dict) else None
    if not isinstance(name, str) or name not in known:
        raise UserError(
            f"{of}: {place} names {name!r} to be built; of a stored run it is one of "
            f"{', '.join(sorted(known))}"
        )
    parameters = _parameters(defined(name))
    for key, value in node.items():
        where = f"{place}.{key}"
        if key == TARGET or (key == PARTIAL and isinstance(value, bool)):
            continue
        if key == "layers" and place == "model" and isinstance(value, int):
            continue  # of `runs.build`
        if key not in parameters:
            raise UserError(f"{of}: {where} is nothing that {name} takes")
        if isinstance(value, dict):
            _check_place(value, where, of)
        elif not isinstance(value, Plain):
            raise UserError(f"{of}: {where} is a {type(value).__name__}; it must be a plain value")


def _parameters(found: Callable[..., Any]) -> set[str]:
    """What a function takes by name; a class, what it and those that it hands on to take."""
    makers: list[Any] = [found]
    if inspect.isclass(found):
        makers = [vars(kind)["__init__"] for kind in found.__mro__ if "__init__" in vars(kind)]
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {
        one.name
        for make in makers
        for one in inspect.signature(make).parameters.values()
        if one.kind in named and one.name != "self"
    }


def defined(name: str) -> Callable[..., Any]:
    """What is defined under this very name in this package, or in a part of the module it names.

    Raises:
        UserError: it is something that the module has from elsewhere.
    """
    module, _, last = name.rpartition(".")
    found = getattr(import_module(module), last, None)
    home = str(getattr(found, "__module__", ""))
    own = home == module or home.startswith(f"{module}.")
    if not (name.startswith("digitsum.") and own and getattr(found, "__qualname__", "") == last):
        raise UserError(f"{name} is not defined in this package")
    assert callable(found)
    return found  # type: ignore[no-any-return]


def _leaves(node: Any, place: str) -> list[tuple[str, Any]]:
    if isinstance(node, dict):
        pairs = [(f"{place}.{key}" if place else str(key), child) for key, child in node.items()]
    elif isinstance(node, list):
        pairs = [(f"{place}[{number}]", child) for number, child in enumerate(node)]
    else:
        return [(place, node)]
    return [leaf for key, child in pairs for leaf in _leaves(child, key)]
