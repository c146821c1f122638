"""What happens: the flows between TikTok Shop and Odoo, pure where they can be. Celery's tasks only call in here."""
