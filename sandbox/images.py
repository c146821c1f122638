"""Pictures of products: small real PNG files, each in a colour of its own, served by the simulator itself."""

from __future__ import annotations

import hashlib
import struct
import zlib

from flask import Blueprint, Response, abort

from sandbox.world import World

PATH = "/_images"
WIDTH = HEIGHT = 300


def product_images(world: World) -> Blueprint:
    """``/_images/<product>/<number>.png``; a picture that the product no longer has is a 404."""
    blueprint = Blueprint("images", __name__, url_prefix=PATH)

    @blueprint.get("/<product_id>/<int:number>.png")
    def image(product_id: str, number: int) -> Response:
        product = world.products.get(product_id)
        if product is None or number not in product.images:
            abort(404)
        return Response(png(f"{product_id}/{number}"), mimetype="image/png")

    return blueprint


def png(name: str) -> bytes:
    """A PNG file of one colour, always the same for a name."""
    colour = hashlib.sha256(name.encode()).digest()[:3]
    # Colour type 2 (RGB), 8 bits a channel; each row starts with its filter, 0 for none.
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    rows = (b"\0" + colour * WIDTH) * HEIGHT
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
