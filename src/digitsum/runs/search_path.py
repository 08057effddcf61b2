"""Makes `study=NAME` find `multirun_sweeps/study/NAME.yaml` from any working directory."""

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

STUDIES = Path(__file__).resolve().parents[3] / "multirun_sweeps"


class StudySearchPath(SearchPathPlugin):
    """Hydra's own `hydra.searchpath` would read a relative path from the working directory."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        search_path.append(provider="digitsum", path=f"file://{STUDIES}")


Plugins.instance().register(StudySearchPath)
