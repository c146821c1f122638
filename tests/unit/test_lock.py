"""The lock files hold what pyproject.toml asks for, each with its hashes."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.documents import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WANTED = {
    "requirements.lock": PROJECT["dependencies"],
    "requirements-dev.lock": [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]],
}


def locked(name: str) -> dict[str, list[str]]:
    """Versions by package; more than one where they depend on Python's version."""
    found: dict[str, list[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text(encoding="utf-8"), re.M):
        found.setdefault(canonicalize_name(package), []).append(version)
    return found


@pytest.mark.parametrize("name", WANTED)
def test_every_dependency_is_locked_at_a_version_that_pyproject_allows(name: str) -> None:
    versions = locked(name)
    for wanted in map(Requirement, WANTED[name]):
        held = versions.get(canonicalize_name(wanted.name), [])
        assert held, f"{wanted.name} is not in {name}: run make lock"
        assert all(wanted.specifier.contains(version) for version in held), f"{wanted} is {held} in {name}: make lock"


@pytest.mark.parametrize("name", WANTED)
def test_every_locked_package_has_its_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.findall(r"^[\w.-]+==[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}[ \\]*\n)+)", text, re.M)
    assert len(entries) == sum(len(versions) for versions in locked(name).values())
    assert "://" not in text


def test_what_runs_here_is_what_is_locked() -> None:
    versions = locked("requirements.lock")
    for package in ("celery", "kombu", "redis", "flask", "odoorpc", "cryptography"):
        assert metadata.version(package) in versions[package]
