"""Celery's tasks: thin, named as operators see them, carrying ids only. What happens is in ``worker.sync``."""
