"""Settings of one installation, read from the environment (or a ``.env`` file) and checked once, at start."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from worker.errors import ConfigurationError
from worker.redis_address import next_database

#: Where Docker and Kubernetes put secrets as files: the file ``odoo_password`` sets ODOO_PASSWORD.
_SECRETS = Path("/run/secrets")


class Settings(BaseSettings):
    """One field per environment variable; the name is the field's in capitals (``redis_url`` is ``REDIS_URL``)."""

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        env_ignore_empty=True,
        secrets_dir=_SECRETS if _SECRETS.is_dir() else None,
    )

    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="Redis that keeps the connector's own state: `redis://`, `rediss://` (TLS), or "
        "`sentinel://:PASSWORD@HOST:26379,HOST:26379,HOST:26379/0?master=NAME`.",
    )
    celery_broker_url: str = Field(
        "", description="Redis database for Celery's messages; empty: the database after `REDIS_URL`'s."
    )
    secret_keys: SecretStr = Field(
        SecretStr(""),
        description="Fernet keys, comma-separated, that encrypt app secrets and tokens at rest; the first one "
        "encrypts, all decrypt. `tiktok-odoo keys generate` makes one.",
    )
    public_url: str = Field(
        "http://127.0.0.1:8000",
        description="Where TikTok and the seller's browser reach the receiver; https and no port in production.",
    )

    odoo_url: str = Field("http://127.0.0.1:8069", description="Address of Odoo.")
    odoo_db: str = Field("odoo", description="Odoo's database.")
    odoo_user: str = Field("tiktok-bot", description="Login of the bot user.")
    odoo_password: SecretStr = Field(SecretStr(""), description="The bot user's API key (better) or password.")
    odoo_api: Literal["auto", "json-2", "json-rpc"] = Field(
        "auto",
        description="How Odoo is called: `json-rpc` (odoorpc, every Odoo up to 19), `json-2` (Odoo 19 and newer, with "
        "an API key of the bot user), or `auto`: `json-2` where Odoo offers it and takes the secret.",
    )
    odoo_timeout: float = Field(120, gt=0, description="Seconds to wait for one Odoo call; longer than a batch.")
    odoo_alert_user: str = Field(
        "",
        description="Login of the Odoo user who gets an activity when an authorization or the API key ends; empty: "
        "nobody.",
    )

    tiktok_api_url: str = Field("https://open-api.tiktokglobalshop.com", description="TikTok Shop's Open API.")
    tiktok_auth_url: str = Field("https://auth.tiktok-shops.com", description="TikTok Shop's token host.")
    tiktok_consent_url: str = Field(
        "https://services.tiktokshop.com", description="Where sellers outside the US authorize the app."
    )
    tiktok_consent_url_us: str = Field(
        "https://services.us.tiktokshop.com", description="Where sellers in the US authorize the app."
    )
    tiktok_timeout: float = Field(15, gt=0, description="Seconds to wait for one TikTok call.")
    tiktok_rate_limit: float = Field(
        10, gt=0, description="TikTok calls a second, per app, shop and API, over all workers together."
    )

    order_batch_size: int = Field(50, ge=1, le=50, description="Orders imported in one go; TikTok tells 50 at once.")
    odoo_call_seconds: float = Field(
        20,
        gt=0,
        description="Seconds that one Odoo call should take at most: when one takes longer, batches of orders become "
        "smaller, down to single ones, and larger again when calls are quick. Well below what a proxy in front of "
        "Odoo allows.",
    )
    order_lease: float = Field(300, gt=0, description="Seconds until the orders of a vanished worker are due again.")
    poll_interval: float = Field(300, gt=0, description="Seconds between two polls of a shop's order list.")
    poll_overlap: float = Field(600, ge=60, description="Seconds before its cursor from which a poll looks again.")
    sweep_interval: float = Field(10, gt=0, description="Seconds between two sweeps for orders nobody works on.")
    retry_first: float = Field(30, gt=0, description="Seconds to the first retry of a parked order; doubles each time.")
    retry_longest: float = Field(21600, gt=0, description="Longest pause between two retries of a parked order.")
    imported_days: int = Field(180, ge=1, description="Days for which Redis remembers which orders were imported.")
    event_days: int = Field(30, ge=1, description="Days for which a webhook is kept for operators; 50,000 at most.")
    timeline_days: int = Field(
        7, ge=1, description="Days for which an order's timeline is kept after something last happened to it."
    )

    stock_interval: float = Field(60, gt=0, description="Seconds between two looks at what changed in Odoo's stock.")
    stock_overlap: float = Field(
        300,
        ge=1,
        description="Seconds before the newest change from which such a look begins; longer than any "
        "transaction in Odoo.",
    )
    stock_lease: float = Field(60, gt=0, description="Seconds until the stock of a vanished worker's products is due.")
    stock_reconcile_interval: float = Field(
        86400, gt=0, description="Seconds between two full comparisons of TikTok's stock with Odoo's."
    )
    catalog_interval: float = Field(86400, gt=0, description="Seconds between two pulls of a shop's whole catalogue.")
    catalog_lease: float = Field(
        240, gt=0, description="Seconds until the products of a vanished worker are due again."
    )
    delivery_interval: float = Field(
        60, gt=0, description="Seconds between two looks at Odoo's deliveries, for shops that ship from Odoo."
    )
    package_interval: float = Field(
        900, gt=0, description="Seconds between two polls of a shop's packages, cancellations and returns."
    )
    package_lease: float = Field(
        240, gt=0, description="Seconds until the packages and returns of a vanished worker are due again."
    )
    payout_interval: float = Field(43200, gt=0, description="Seconds between two pulls of a shop's payout statements.")
    image_hosts: str = Field(
        "ibyteimg.com,tiktokcdn.com,tiktokcdn-us.com,tiktokcdn-eu.com,ttcdn-us.com",
        description="Hosts, with their subdomains, from which product images are fetched; comma-separated.",
    )
    document_hosts: str = Field(
        "tiktokshop.com,tiktokglobalshop.com,bytedance.net,ibyteimg.com,tiktokcdn.com,tiktokcdn-us.com,"
        "tiktokcdn-eu.com,ttcdn-us.com,byteoversea.com",
        description="Hosts, with their subdomains, from which shipping labels are fetched; comma-separated.",
    )

    worker_deaf_after: float = Field(
        60, gt=0, description="Seconds for which an idle worker may leave messages waiting before it ends itself."
    )
    web_bind: str = Field("127.0.0.1:8000", description="Address and port of the receiver.")
    webhook_max_bytes: int = Field(65536, ge=1024, description="Largest webhook body that is accepted.")
    console: bool = Field(
        True, description="Serve the operator's console beside the receiver; `no` for processes that only receive."
    )
    console_session_minutes: int = Field(
        480, ge=1, description="Minutes without a click after which an operator is logged out."
    )
    trusted_proxies: int = Field(
        0, ge=0, description="Reverse proxies in front of the receiver whose `X-Forwarded-*` headers are believed."
    )
    link_minutes: int = Field(30, ge=1, description="Minutes in which a seller must finish an authorization.")
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token with which Prometheus reads `/metrics`; empty: only who is logged in may.",
    )
    flower_bind: str = Field("127.0.0.1:5555", description="Address and port of Flower.")
    flower_basic_auth: SecretStr = Field(
        SecretStr(""), description="`user:password` for Flower; needed when it is bound to more than this machine."
    )
    flower_db: str = Field(
        "", description="File in which Flower keeps what it has seen over a restart; empty: it begins anew each time."
    )
    flower_url: str = Field("", description="Where operators' browsers reach Flower; empty: the console shows no link.")
    flower_url_prefix: str = Field("", description="Path under which a reverse proxy shows Flower, such as `flower`.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`json`: one JSON object a line; `console`: for people; `auto`: console on a terminal."
    )
    sentry_dsn: SecretStr = Field(SecretStr(""), description="Reports errors to Sentry when set.")

    @field_validator(
        "public_url", "odoo_url", "tiktok_api_url", "tiktok_auth_url", "tiktok_consent_url", "tiktok_consent_url_us"
    )
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @property
    def broker_url(self) -> str:
        """Celery's broker: a database of its own, since Celery's visibility timeout holds for a whole database."""
        if self.celery_broker_url:
            return self.celery_broker_url
        return next_database(self.redis_url)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process.

    :raises ConfigurationError: a variable has a value that cannot be; the message names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
        raise ConfigurationError(
            f"The settings are not usable. {faults}.", remedy="Correct the environment or the .env file."
        ) from None
