"""Runs groups of checks beside each other, each for so long and no longer: a side that hangs must not hang us."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError

from worker.errors import ConnectorError
from worker.state.connection import REDIS_AWAY
from worker.sync.doctor.finding import Finding, fail, failed_with

log = structlog.get_logger(__name__)

Check = Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class Group:
    """Checks that depend on each other and run one after the other.

    :param name: that of a finding about the group as a whole, such as ``odoo.answer``.
    :param silent: what to do when it comes to no end.
    """

    name: str
    check: Check
    silent: str
    where: str = ""


@dataclass
class _Run:
    group: Group
    findings: list[Finding] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> None:
        try:
            for finding in self.group.check():
                self.findings.append(finding)
        except ConnectorError as error:
            self.findings.append(failed_with(self.group.name, error, where=self.group.where))
        except REDIS_AWAY:
            self._failed("Redis does not answer.", "Start it, or correct REDIS_URL.")
        except RedisError as error:
            self._failed(f"Redis refuses: {type(error).__name__}.", "Look into Redis' log.")
        except Exception as error:  # one check that breaks must not hide the others
            log.exception("doctor.check_failed", group=self.group.name)
            self._failed(f"The check itself failed: {type(error).__name__}.", "Report it with the log's traceback.")
        finally:
            self.ended.set()

    def _failed(self, text: str, remedy: str) -> None:
        self.findings.append(fail(self.group.name, text, remedy, where=self.group.where))


def run(groups: Iterable[Group], seconds: float, ended: Callable[[], None] = lambda: None) -> list[Finding]:
    """The findings of all groups, in the groups' order.

    :param seconds: after which a group is given up; what it found until then counts. Its thread is left behind.
    :param ended: called after each group.
    """
    runs = [_Run(group) for group in groups]
    for each in runs:
        threading.Thread(target=each, name=f"doctor {each.group.name}", daemon=True).start()
    deadline = time.monotonic() + seconds
    findings: list[Finding] = []
    for each in runs:
        in_time = each.ended.wait(max(0.0, deadline - time.monotonic()))
        findings += list(each.findings)
        if not in_time:
            text = f"No end within {seconds:g} seconds."
            findings.append(fail(each.group.name, text, each.group.silent, where=each.group.where))
        ended()
    return findings
