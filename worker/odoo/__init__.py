"""Odoo through its external API: one small gateway, and what the connector does with partners, products and orders."""
