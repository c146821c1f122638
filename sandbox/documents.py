"""Shipping labels: small real PDF files that name the package, its orders and its tracking number."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from sandbox.world import World

PATH = "/_documents"


def shipping_documents(world: World) -> Blueprint:
    """``/_documents/<token>.pdf``; a token that is unknown or a day old is a 404."""
    blueprint = Blueprint("documents", __name__, url_prefix=PATH)

    @blueprint.get("/<token>.pdf")
    def document(token: str) -> Response:
        with world.lock:
            package_id, until = world.label_tokens.get(token, ("", 0))
            package = world.packages.get(package_id)
            if package is None or until <= world.now():
                abort(404)
            if world.settings.label_garbage:
                return Response("<html>the document is on its way</html>", mimetype="application/pdf")
            lines = [f"Package {package.id}", package.tracking_number, *(f"Order {each}" for each in package.order_ids)]
            return Response(pdf(lines), mimetype="application/pdf")

    return blueprint


def pdf(lines: list[str]) -> bytes:
    """A PDF of one A6 page with these lines; they must be plain ASCII."""
    text = " ".join(f"({line}) Tj 0 -18 Td" for line in lines)
    stream = f"BT /F1 12 Tf 20 380 Td {text} ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 298 420] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + head + table + trailer
