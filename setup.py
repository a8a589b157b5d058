"""Builds `grammar/` and `patches/`, which stand beside the package in a checkout, into it: `chronus.places.shipped` looks in both."""

from setuptools import find_packages, setup

FOLDERS = ("grammar", "patches")

setup(
    packages=[*find_packages(include=["chronus", "chronus.*"]), *(f"chronus.{folder}" for folder in FOLDERS)],
    package_dir={f"chronus.{folder}": folder for folder in FOLDERS},
    package_data={f"chronus.{folder}": ["*"] for folder in FOLDERS},
)
