"""What follows an order once it is in Odoo: parcels, labels, tracking, shipping, deliveries done, requests, returns.

Level-triggered by order id like everything else: what TikTok and Odoo say now decides, never how it came about.
"""
