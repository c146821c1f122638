"""The connector: Celery tasks, what they do, and the adapters to TikTok Shop, Odoo and Redis."""
