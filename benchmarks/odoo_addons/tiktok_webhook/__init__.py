"""A receiver inside Odoo, as somebody would write it who wants no service beside it. Only benchmarks install it."""

import hashlib
import hmac
import json

from odoo import fields, http, models
from odoo.http import request


class TikTokWebhook(models.Model):
    """One webhook as it came."""

    _name = "tiktok.webhook"
    _description = "TikTok webhook"

    shop_id = fields.Char(required=True, index=True)
    topic = fields.Integer(required=True)
    body = fields.Text(required=True)


class Receiver(http.Controller):
    """Checks the signature as the connector's receiver does, and stores."""

    @http.route("/tiktok/webhook", type="http", auth="public", methods=["POST"], csrf=False, save_session=False)
    def webhook(self):
        body = request.httprequest.get_data()
        parameters = request.env["ir.config_parameter"].sudo()
        key, secret = parameters.get_param("tiktok.app_key"), parameters.get_param("tiktok.app_secret")
        wanted = hmac.new(secret.encode(), key.encode() + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, request.httprequest.headers.get("Authorization", "")):
            return request.make_response("", status=401)
        event = json.loads(body)
        request.env["tiktok.webhook"].sudo().create(
            {"shop_id": event["shop_id"], "topic": event["type"], "body": body.decode()}
        )
        return request.make_response("")
