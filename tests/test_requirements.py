"""The pinned packages, as every Python that the project runs on needs them: pip refuses one that has no hash."""

import re
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11.0", "3.11.2", "3.12.0", "3.13.0", "3.14.0")
"""3.11.2 is what Debian 12 has."""


def pinned(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    return {canonicalize_name(found) for found in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}


def wanted(distribution, python):
    """What a distribution needs on this Python, without its extras."""
    environment = {"python_full_version": python, "python_version": python.rpartition(".")[0], "extra": ""}
    for requirement in map(Requirement, requires(distribution) or ()):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield canonicalize_name(requirement.name)


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
@pytest.mark.parametrize("python", PYTHONS)
def test_what_a_pinned_package_needs_is_pinned_too(lock, python):
    there = pinned(lock)
    missing = {(name, found) for name in there for found in wanted(name, python) if found not in there}
    assert not missing


def test_a_package_that_only_older_pythons_need_is_not_overlooked():
    assert "async-timeout" in wanted("redis", "3.11.2")
    assert "async-timeout" not in wanted("redis", "3.12.0")
