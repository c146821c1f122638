"""The two kinds of refusal: TikTok's own, in its envelope, and those of the simulator's control API."""

from __future__ import annotations

# HTTP status of TikTok's codes where one was seen or documented; the others come as HTTP 200 (reference section 7).
HTTP_STATUS = {
    36009002: 429,
    36009003: 500,
    36009004: 400,
    36009009: 404,
    36009010: 405,
    36009021: 413,
    36009022: 415,
    36009023: 400,
    101000: 401,
    105002: 401,
    105005: 403,
    106001: 401,
    106013: 400,
}


class ApiError(Exception):
    """A refusal as TikTok Shop answers it: ``{"code": code, "message": message, "data": null, ...}``.

    :param code: TikTok's number, for example 106001.
    :param status: HTTP status; by default the documented one of the code, else 200 (business errors).
    :param headers: additional HTTP headers, such as ``Retry-After``.
    """

    def __init__(
        self, code: int, message: str, *, status: int | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.status = HTTP_STATUS.get(code, 200) if status is None else status
        self.headers = headers or {}


def invalid_parameter(name: str, why: str) -> ApiError:
    """TikTok's catch-all 36009004 for a bad query or body parameter."""
    return ApiError(36009004, f"Invalid params: {name} {why}")


class ControlError(ValueError):
    """The control API was asked for something that cannot be; the text says what to change."""
