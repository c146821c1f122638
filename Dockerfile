# One image for the receiver, the workers, beat, Flower and (in the demo) the TikTok Shop simulator:
# docker run IMAGE tiktok-odoo web|worker|beat|flower
FROM python:3.11-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/venv
# The dependencies first: they change seldom, and this layer is the slow one.
COPY requirements.lock ./
RUN /opt/venv/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE celeryconfig.py ./
COPY worker worker
COPY web web
COPY sandbox sandbox
RUN /opt/venv/bin/pip install --no-deps .


FROM python:3.11-slim

LABEL org.opencontainers.image.title="tiktok-odoo-sync" \
      org.opencontainers.image.description="Keeps TikTok Shop and Odoo in step" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    WEB_BIND=0.0.0.0:8000 FLOWER_BIND=0.0.0.0:5555
# Docker makes a new volume with the owner of the image's folder: these are to be the connector's.
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin connector \
    && install -d -o connector -m 0700 /run/secrets \
    && install -d -o connector -m 0755 /run/redis-config \
    && install -d -o connector -m 0700 /var/lib/flower
COPY --from=build /opt/venv /opt/venv
COPY bin/docker-secrets bin/docker-healthcheck /usr/local/bin/
WORKDIR /srv
USER connector
EXPOSE 8000 5555
# Celery and gunicorn both stop gently on SIGTERM, which is what Docker sends.
CMD ["tiktok-odoo", "web"]
