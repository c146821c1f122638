"""Spreadsheets between their check and the word to take them over: one for each operator, for a quarter of an hour."""

from __future__ import annotations

import base64
import secrets
import zlib
from dataclasses import dataclass

from worker.state.connection import RedisClient, key

#: Seconds for which an upload is kept.
KEPT = 900


@dataclass(frozen=True)
class Upload:
    """What an operator sent: the file's name and content, and the shop of rows that name none ('' = not said)."""

    name: str
    data: bytes
    shop_id: str = ""


class Uploads:
    """Uploads by operator. A newer one takes the place of the one before, so that there are never many."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def keep(self, operator: str, upload: Upload) -> str:
        """Keep an upload; answers the id by which its operator gets it back."""
        upload_id = secrets.token_urlsafe(16)
        fields = {
            "id": upload_id,
            "name": upload.name,
            "shop": upload.shop_id,
            "data": base64.b85encode(zlib.compress(upload.data, 1)).decode("ascii"),
        }
        name = key("upload", operator)
        with self._redis.pipeline() as pipe:
            pipe.delete(name)
            pipe.hset(name, mapping=fields)
            pipe.expire(name, KEPT)
            pipe.execute()
        return upload_id

    def find(self, operator: str, upload_id: str) -> Upload | None:
        """The operator's upload of that id; ``None`` when it is too old, or a newer one took its place."""
        stored = self._redis.hgetall(key("upload", operator))
        if not stored or not secrets.compare_digest(stored["id"].encode(), upload_id.encode()):
            return None
        return Upload(stored["name"], zlib.decompress(base64.b85decode(stored["data"])), stored["shop"])

    def forget(self, operator: str) -> None:
        """The operator's upload is done with."""
        self._redis.delete(key("upload", operator))
