"""What a check found: one line of evidence and, unless all is well, one line that says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from worker.errors import ConnectorError

State = Literal["ok", "warn", "fail", "skipped"]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    :param name: of the check, ``group.what``, such as ``redis.persistence``; stays the same over releases.
    :param text: the evidence.
    :param where: the account or shop that it is about; empty when it is about the whole installation.
    """

    name: str
    state: State
    text: str
    remedy: str = ""
    where: str = ""

    @property
    def group(self) -> str:
        """What comes before the dot of its name."""
        return self.name.partition(".")[0]


def ok(name: str, text: str, *, where: str = "") -> Finding:
    """All is well."""
    return Finding(name, "ok", text, where=where)


def warn(name: str, text: str, remedy: str, *, where: str = "") -> Finding:
    """Works now, and somebody should look at it."""
    return Finding(name, "warn", text, remedy, where)


def fail(name: str, text: str, remedy: str, *, where: str = "") -> Finding:
    """Does not work."""
    return Finding(name, "fail", text, remedy, where)


def skipped(name: str, text: str, *, where: str = "") -> Finding:
    """Could not be looked at, because of another finding or because there is nothing to look at."""
    return Finding(name, "skipped", text, where=where)


def failed_with(name: str, error: ConnectorError, *, where: str = "") -> Finding:
    """The connector's own error as a finding."""
    return fail(name, error.message, error.remedy, where=where)


def well(findings: list[Finding]) -> bool:
    """Whether nothing failed; warnings are allowed."""
    return not any(finding.state == "fail" for finding in findings)
