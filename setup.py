"""Builds what `pyproject.toml` cannot say: folders that stand beside the package in a checkout, and what is made of the command line.

`grammar/` and `patches/` are built into the package: `chronus.places.shipped` looks in both places. The manual page and the
completion of three shells are installed where `man` and the shells look for them. The command line is told with nothing but the
standard library, so this needs no more than setuptools.
"""

import sys
from pathlib import Path

from setuptools import Distribution, find_packages, setup

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT))  # a build does not look for packages beside this file

from chronus.command_line import completion, forms, manual  # noqa: E402

FOLDERS = ("grammar", "patches", "patches/bench")
PACKAGES = {f"chronus.{folder}".replace("/", "."): folder for folder in FOLDERS}


def made() -> dict[str, str]:
    """What is installed beside the package: its text by its path."""
    root = forms.parser()
    scripts = {
        path: completion.script(root, shell, ROOT / "patches", ROOT / "chronus/modules")
        for shell, path in completion.FILES.items()
    }
    return {manual.FILE: manual.roff(root), **scripts}


class InstallData(Distribution().get_command_class("install_data")):
    """Writes what is made; it lies nowhere before."""

    def run(self) -> None:
        super().run()
        for path, text in made().items():
            file = Path(self.install_dir, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            self.outfiles.append(str(file))


setup(
    packages=[*find_packages(include=["chronus", "chronus.*"]), *PACKAGES],
    package_dir=PACKAGES,
    package_data={name: ["*"] for name in PACKAGES},
    data_files=[(str(Path(path).parent), []) for path in made()],  # without it nothing would be installed there
    cmdclass={"install_data": InstallData},
)
