"""Answers that must be whole: read into a model, or refused by naming the fields that are missing or odd."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from worker.tiktok.errors import Answer, TikTokPermanentError
from worker.tiktok.models.base import Model, faults


def parse(model: type[Model], data: Any, path: str) -> Model:
    """``data`` of the answer to ``path`` as ``model``.

    :raises TikTokPermanentError: a needed field is missing or has an impossible value.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        reason = faults(error)
    # outside the handler: pydantic's exception holds the values, which may be tokens or personal data
    raise TikTokPermanentError(
        f"TikTok Shop's answer to {path} cannot be read as {model.__name__}: {reason}.",
        answer=Answer(path, 200, 0),
        code="unexpected_answer",
        remedy="TikTok may have changed this API: update the connector, or report it with this message.",
    )


def parse_rows(model: type[Model], data: dict[str, Any], name: str, path: str) -> list[Model]:
    """Each row of the list ``data[name]`` (absent: empty) as ``model``.

    :raises TikTokPermanentError: as :func:`parse`.
    """
    return [parse(model, row, path) for row in rows(data, name, path)]


def rows(data: dict[str, Any], name: str, path: str) -> list[Any]:
    """The list ``data[name]``, empty when absent.

    :raises TikTokPermanentError: it is not a list.
    """
    found = data.get(name) or []
    if isinstance(found, list):
        return found
    raise TikTokPermanentError(
        f"TikTok Shop's answer to {path} holds no list of {name}.",
        answer=Answer(path, 200, 0),
        code="unexpected_answer",
        remedy="TikTok may have changed this API: update the connector, or report it with this message.",
    )
