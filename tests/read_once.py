"""What Hydra reads is read once by a process and its forks: a third of what composing takes."""

import pickle
from pathlib import Path

from hydra._internal.config_repository import ConfigRepository
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult


def read_once() -> None:
    read = ConfigRepository.load_config
    kept: dict[tuple[object, ...], bytes] = {}

    def load_config(self: ConfigRepository, config_path: str) -> ConfigResult | None:
        source = self._find_object_source(config_path, ObjectType.CONFIG)
        if source is None:
            return read(self, config_path)
        file = Path(source.path, source._normalize_file_name(config_path))
        written = (file.stat().st_mtime_ns, file.stat().st_size) if file.exists() else None
        key = (source.scheme(), source.provider, source.path, config_path, written)
        if key not in kept:
            kept[key] = pickle.dumps(read(self, config_path))
        found: ConfigResult = pickle.loads(kept[key])  # one's own: what is read is changed
        return found

    ConfigRepository.load_config = load_config  # type: ignore[method-assign]
