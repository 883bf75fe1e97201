"""What `make` says on a machine that lacks something."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from config.machine import PROJECT

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


@pytest.fixture
def clone(tmp_path):
    """A project without environment, on a PATH that holds only what the test puts there."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in ("Makefile", ".ci"):
        (folder / name).symlink_to(PROJECT / name)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "sed", "cmp", "test", "echo", "rm", "cp", "find", "grep", "id"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    return folder


def make(folder: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [shutil.which("make"), *words],
        cwd=folder,
        env={"PATH": str(folder.parent / "bin"), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def program(folder: Path, name: str, script: str) -> None:
    path = folder.parent / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("target", ["demo", "test", "shell"])
def test_no_python_is_told(clone, target):
    done = make(clone, target)
    assert done.returncode != 0
    assert "缺少 Python 3.11" in done.stderr
    assert "apt-get install python3.11 python3.11-venv" in done.stderr
    assert not (clone / ".venv").exists()


def test_an_old_python_is_not_enough(clone):
    program(clone, "python3", "exit 1")  # sys.version_info < (3, 11)
    done = make(clone, "demo")
    assert done.returncode != 0
    assert "缺少 Python 3.11" in done.stderr


def test_a_missing_venv_module_is_told(clone):
    program(clone, "python3.11", 'case "$2" in *ensurepip*) exit 1;; esac')
    done = make(clone, "demo")
    assert done.returncode != 0
    assert "python3.11 缺少 venv 模块" in done.stderr
    assert "apt-get install python3.11-venv" in done.stderr


def test_help_lists_the_commands(clone):
    done = make(clone, "help")
    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        *("help", "demo", "demo-reset", "test", "lint", "format", "bench", "shell", "docs", "lock")
    ]


def test_no_browser_and_no_way_to_install_one_is_told(clone):
    program(clone, "id", "echo 1000")
    program(clone, "apt-get", "exit 1")
    done = subprocess.run(
        ["/bin/sh", str(PROJECT / ".ci" / "browser")],
        env={"PATH": str(clone.parent / "bin"), "HOME": str(clone)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "sudo apt-get install chromium" in done.stdout
    assert os.linesep in done.stdout
