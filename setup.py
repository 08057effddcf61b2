"""What pyproject.toml can't say: requirements.txt lists the dependencies, once, and an installed
package has conf/ and multirun_sweeps/ in it, which lie beside the scripts here.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
CONFIGURATIONS = ("conf", "multirun_sweeps")


def required(name: str) -> list[str]:
    """What a requirements file pins, without the files that it names and this package itself."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and line[0] not in "#-"]


class WithConfigurations(build_py):
    """Takes them along into a wheel; a checkout that is installed to be edited has them already."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for folder in CONFIGURATIONS:
            for path in sorted((HERE / folder).rglob("*.yaml")):
                target = Path(self.build_lib, "digitsum", path.relative_to(HERE))
                self.mkpath(str(target.parent))
                self.copy_file(str(path), str(target))


setup(
    install_requires=required("requirements.txt"),
    extras_require={
        name: required(f"requirements-{name}.txt") for name in ("loggers", "scale", "search")
    },
    cmdclass={"build_py": WithConfigurations},
)
