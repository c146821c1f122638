"""``python -m sandbox serve``: the simulator under gunicorn, one process with many threads, state in memory."""

from __future__ import annotations

from typing import Any

import click
from gunicorn.app.base import BaseApplication

from sandbox.app import create_app
from sandbox.settings import Settings

THREADS = 64


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with options from here. The application is made in the worker process, where its threads live."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings = settings
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return create_app(self._settings)


@click.group()
def main() -> None:
    """A strict TikTok Shop on this machine, for the demo and the tests. Nothing here talks to TikTok."""


@main.command(context_settings={"show_default": True})
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), required=True, help="Port to listen on.")
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0),
    default=1.0,
    help="Factor on the waits between webhook retries (2 min, 30 min, 3 h, 12 h); 0.005 makes the first 0.6 s.",
)
@click.option("--access-token-seconds", type=click.IntRange(1), default=604_800, help="Life of an access token.")
@click.option("--refresh-token-seconds", type=click.IntRange(1), default=31_536_000, help="Life of a refresh token.")
@click.option("--code-seconds", type=click.IntRange(1), default=1800, help="Life of an authorization code.")
@click.option(
    "--requests-per-second",
    type=click.FloatRange(min=0, min_open=True),
    default=50.0,
    help="Rate limit for each app, shop and API; more is answered with 429.",
)
def serve(host: str, port: int, **settings: Any) -> None:
    """Serve TikTok Shop until Ctrl-C.

    \b
    /                    what is there, with buttons
    /open/authorize      the seller's consent pages
    /api/v2/token/...    the token host
    /order/..., ...      the Open API
    /_sandbox/...        the control API (sandbox.client.SandboxControl)
    """
    click.echo(f"TikTok Shop simulator: http://{host}:{port}/")
    options = {
        "bind": f"{host}:{port}",
        "workers": 1,
        "threads": THREADS,
        "worker_class": "gthread",
        "keepalive": 75,
        "timeout": 0,
        "graceful_timeout": 1,
        "loglevel": "warning",
        "control_socket_disable": True,
    }
    _Server(Settings(**settings), options).run()


if __name__ == "__main__":
    main(prog_name="python -m sandbox")
