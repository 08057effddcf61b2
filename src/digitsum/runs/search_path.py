"""Where configurations lie; from anywhere `study=NAME` is `multirun_sweeps/study/NAME.yaml`."""

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

PACKAGE = Path(__file__).resolve().parents[1]
# Beside the scripts, or in the package where it is installed.
ROOT = PACKAGE if (PACKAGE / "conf").is_dir() else PACKAGE.parents[1]
CONF, STUDIES = ROOT / "conf", ROOT / "multirun_sweeps"


class StudySearchPath(SearchPathPlugin):
    """Hydra's own `hydra.searchpath` would read a relative path from the working directory."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        search_path.append(provider="digitsum", path=f"file://{STUDIES}")


Plugins.instance().register(StudySearchPath)
