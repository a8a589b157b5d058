"""Modules that read tables keep the laws that every module keeps."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MODULES = ROOT / "tests/kit/modules"


def test_a_module_that_reads_a_file_and_one_that_reads_a_text_keep_the_laws_of_all():
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/laws/test_modules.py",
        "-k",
        "sampler or morse",
    ]
    environment = {**os.environ, "CHRONUS_MODULES": str(MODULES)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout[-3000:]
