"""Which exception an error answer of TikTok Shop is: the one table of codes, meanings and remedies.

Codes are those of the Partner Center's *Common errors* and of each API's page; ``36009004`` has many meanings and is
told apart by its message.
"""

from __future__ import annotations

from typing import NamedTuple

from worker.tiktok.errors import (
    Answer,
    TikTokPermanentError,
    TikTokReauthorizeError,
    TikTokRetryableError,
    scrub,
)

_REAUTHORIZE = "Use *Re-Authorize App* and let the shop's owner log in."


class _Meaning(NamedTuple):
    kind: str
    code: str
    remedy: str = ""
    pause: float | None = None  # seconds to wait when TikTok names none


_REFRESH, _REAUTH, _RETRY, _PERMANENT = "refresh", "reauthorize", "retry", "permanent"

_TOKEN_INVALID = _Meaning(_REFRESH, "access_token_invalid", _REAUTHORIZE)
_CLOCK = _Meaning(
    _PERMANENT,
    "clock_skew",
    "This machine's clock is more than 5 minutes slow or 30 seconds fast: set it, and keep it set with NTP.",
)
_BAD_SIGNATURE = _Meaning(
    _PERMANENT, "bad_signature", "Compare the account's App Secret with the one shown in the Partner Center."
)
_BAD_APP_KEY = _Meaning(
    _PERMANENT,
    "unknown_app_key",
    "Compare the account's App Key with the one in the Partner Center; is the app enabled?",
)
_CIPHER = _Meaning(_PERMANENT, "shop_cipher", "Link the account again, so that the list of its shops is read anew.")
_INVALID = _Meaning(_PERMANENT, "invalid_request", "This is a fault of the connector: report it with the request id.")
_TRANSIENT = _Meaning(_RETRY, "temporary")
_NOT_FOUND = _Meaning(_PERMANENT, "not_found", "Is it of another shop, or deleted?")
_INACTIVE = _Meaning(_PERMANENT, "shop_inactive", "The shop is closed or suspended: see the Seller Center.")
_AFTER_SALE = _Meaning(
    _PERMANENT, "after_sale_open", "The buyer asked to cancel or return it: answer that in Seller Center first."
)
_TOO_MANY = _Meaning(_PERMANENT, "too_many", "Ask for fewer at a time.")

_MEANINGS: dict[int, _Meaning] = {
    105002: _Meaning(_REFRESH, "access_token_expired", _REAUTHORIZE),
    101000: _Meaning(_REAUTH, "shop_not_authorized", f"The authorization does not cover this shop. {_REAUTHORIZE}"),
    36004001: _Meaning(_REAUTH, "refresh_token_expired", _REAUTHORIZE),
    36004004: _Meaning(
        _REAUTH, "auth_code_invalid", "The code works once and for 30 minutes: start the authorization again."
    ),
    36004005: _Meaning(_REAUTH, "refresh_token_unknown", _REAUTHORIZE),
    106001: _BAD_SIGNATURE,
    106013: _CIPHER,
    36009033: _Meaning(
        _PERMANENT,
        "ip_not_allowed",
        "Add this machine's public address to the app's IP allow list in the Partner Center.",
    ),
    36009043: _INACTIVE,
    36009044: _INACTIVE,
    36009009: _Meaning(_PERMANENT, "no_such_path", "Check TIKTOK_API_URL; TikTok may have retired this API version."),
    36009002: _Meaning(_RETRY, "rate_limited"),
    36009037: _Meaning(_RETRY, "rate_limited", "A development shop has an hourly limit: wait for the next hour.", 900),
    12052109: _Meaning(_RETRY, "write_quota", "The seller's quota of changes is used up.", 600),
    12052180: _Meaning(_PERMANENT, "too_many_results", "TikTok lists at most 10 000: narrow the time window."),
    **dict.fromkeys((36009003, 36009007, 10002014, 10002015, 10037002, 10037003, 10037004), _TRANSIENT),
    **dict.fromkeys((10006402, 12001000, 12052881, 33001002), _TRANSIENT),
    **dict.fromkeys((36009010, 36009014, 36009021, 36009022, 36009023, 98001004, 11050001), _INVALID),
    **dict.fromkeys((12019120, 12019015, 12019027, 12019087), _TOO_MANY),
    **dict.fromkeys((12052031, 12052032, 12052048, 21008111), _NOT_FOUND),
    11034037: _Meaning(_RETRY, "label_pending", "TikTok is still making the document.", 20),
    **dict.fromkeys((21023035, 21042104), _Meaning(_PERMANENT, "not_shipped_yet", "Arrange its shipping first.")),
    **dict.fromkeys((21023046, 21042102), _Meaning(_PERMANENT, "already_collected")),
    **dict.fromkeys((21021010, 21011007), _AFTER_SALE),
    **dict.fromkeys((11034002, 21008017), _Meaning(_PERMANENT, "no_label", "The seller ships it, with an own label.")),
    21011001: _Meaning(_PERMANENT, "package_gone", "It was split or combined: the order is looked at again."),
    21011006: _Meaning(_PERMANENT, "already_shipped"),
    21011044: _Meaning(_PERMANENT, "on_hold", "TikTok holds the order for about an hour."),
}

#: 36009004 by what its message speaks of; the first that fits. Tokens come before the key and the rest, since
#: "access_token does not belong to the app_key" is about the token.
_BY_MESSAGE: tuple[tuple[tuple[str, ...], _Meaning], ...] = (
    (("x-tts-access-token", "access_token", "access token"), _TOKEN_INVALID),
    (("app_key", "app key"), _BAD_APP_KEY),
    (("shop_cipher", "shop cipher"), _CIPHER),
    (("timestamp",), _CLOCK),
    (("signature", "param sign", "'sign'"), _BAD_SIGNATURE),
)

_SCOPES = (
    ("/order/", "seller.order.info"),
    ("/fulfillment/", "seller.fulfillment.basic"),
    ("/logistics/", "seller.logistics"),
    ("/return_refund/", "seller.return_refund.basic"),
    ("/finance/", "seller.finance.info"),
    ("/authorization/", "seller.authorization.info"),
    ("/event/", "seller.authorization.info"),
)


def required_scope(path: str) -> str:
    """The scope that calls to ``path`` need, as the Partner Center spells it."""
    if path.startswith("/product/"):
        return "seller.product.write" if path.endswith("/update") else "seller.product.basic"
    return next((scope for prefix, scope in _SCOPES if path.startswith(prefix)), "of this API")


def error_for(
    answer: Answer, message: str = "", *, wait: float | None = None
) -> TikTokRetryableError | TikTokReauthorizeError | TikTokPermanentError:
    """The exception for an error answer.

    :param answer: the call and its outcome; ``tiktok_code`` decides, the HTTP status only where it is unknown.
    :param message: ``message`` of the envelope; scrubbed here.
    :param wait: seconds of the ``Retry-After`` header.
    """
    meaning = _meaning(answer, message)
    said = scrub(message)
    text = f"TikTok Shop refused {answer}: {said or meaning.code}."
    if meaning.kind == _RETRY:
        pause = meaning.pause if wait is None else wait
        return TikTokRetryableError(text, answer=answer, code=meaning.code, remedy=meaning.remedy, retry_after=pause)
    if meaning.kind == _PERMANENT:
        return TikTokPermanentError(text, answer=answer, code=meaning.code, remedy=meaning.remedy)
    return TikTokReauthorizeError(
        text, answer=answer, code=meaning.code, remedy=meaning.remedy, refreshable=meaning.kind == _REFRESH
    )


def _meaning(answer: Answer, message: str) -> _Meaning:
    code, status = answer.tiktok_code, answer.http_status or 0
    if code == 36009004:
        lowered = message.lower()
        return next((meaning for words, meaning in _BY_MESSAGE if any(word in lowered for word in words)), _INVALID)
    if code == 105005:
        scope = required_scope(answer.path)
        return _Meaning(
            _PERMANENT, "scope_missing", f"Add the scope {scope} to the app in the Partner Center. {_REAUTHORIZE}"
        )
    if code in _MEANINGS:
        return _MEANINGS[code]
    if status == 429:
        return _MEANINGS[36009002]
    return _TRANSIENT if status >= 500 else _Meaning(_PERMANENT, "refused")
