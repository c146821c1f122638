{
    "name": "TikTok webhook",
    "summary": "What the receiver is measured against: a controller in Odoo that stores each webhook in a table",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "depends": ["web"],
}
