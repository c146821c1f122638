"""``tiktok-odoo operators``: who may log in to the console."""

from __future__ import annotations

import sys

import click

from worker.cli.output import audited, json_option, say, show
from worker.state.operators import ROLES, SHORTEST_PASSWORD, Operators, Role
from worker.sync.runtime import get_runtime

_role = click.option(
    "--role",
    type=click.Choice(ROLES),
    required=True,
    help="viewer: sees everything, changes nothing. operator: may press every button.",
)


@click.group()
def operators() -> None:
    """People who may log in to the console, and what each may do."""


def _known() -> Operators:
    return Operators(get_runtime().redis)


def _password() -> str:
    """From the terminal, or from the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    text = f"Password ({SHORTEST_PASSWORD} characters or more)"
    typed: str = click.prompt(text, hide_input=True, confirmation_prompt=True)
    return typed


@operators.command()
@click.argument("name")
@_role
@json_option
def add(name: str, role: Role, as_json: bool) -> None:
    """Add an operator. The password is asked for, or read from the standard input."""
    added = _known().add(name.lower(), role, _password())
    audited("operator.add", added.name, role)
    say({"name": added.name, "role": role}, f"{added.name} may log in now, as {role}.", as_json=as_json)


@operators.command("list")
@json_option
def list_operators(as_json: bool) -> None:
    """Show who may log in."""
    rows = [(each.name, each.role, f"{each.created_at:%Y-%m-%d %H:%M}") for each in _known().all()]
    empty = "Nobody may log in yet: tiktok-odoo operators add NAME --role operator"
    show(("name", "role", "added_utc"), rows, as_json=as_json, empty=empty)


@operators.command("password")
@click.argument("name")
@json_option
def set_password(name: str, as_json: bool) -> None:
    """Set a new password, which logs the operator out everywhere."""
    known = _known()
    known.get(name)
    known.set_password(name, _password())
    audited("operator.password", name)
    say({"name": name}, f"The password of {name} is changed.", as_json=as_json)


@operators.command("role")
@click.argument("name")
@_role
@json_option
def set_role(name: str, role: Role, as_json: bool) -> None:
    """Change what an operator may do."""
    _known().set_role(name, role)
    audited("operator.role", name, role)
    say({"name": name, "role": role}, f"{name} is {role} now.", as_json=as_json)


@operators.command()
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Let an operator in no longer; who is logged in is out with the next click."""
    _known().remove(name)
    audited("operator.remove", name)
    say({"name": name}, f"{name} may no longer log in.", as_json=as_json)
