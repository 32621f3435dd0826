# docs/docker.md says how to build and run it. tools/rehearse_image.py carries out these steps
# in a plain Debian root.
FROM debian:bookworm-slim AS python
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /srv/creditscore --shell /usr/sbin/nologin creditscore

FROM python AS packages
WORKDIR /srv/creditscore
COPY requirements-postgres.txt ./
RUN python3 -m venv .venv && .venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements-postgres.txt

FROM python AS train
WORKDIR /srv/creditscore
COPY requirements.txt ./
RUN python3 -m venv .venv && .venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN install -d -o creditscore -g creditscore instance model
USER creditscore
VOLUME ["/srv/creditscore/model"]
CMD [".venv/bin/python", "train.py"]

FROM python AS serve
WORKDIR /srv/creditscore
COPY --from=packages /srv/creditscore/.venv .venv
COPY . .
RUN install -d -o creditscore -g creditscore instance model tls scrape
ENV CREDITSCORE_RUNTIME_DIR=/tmp/creditscore
USER creditscore
VOLUME ["/srv/creditscore/model", "/srv/creditscore/instance"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["sh", "-c", "exec .venv/bin/python -c \"import urllib.request; urllib.request.urlopen('http://127.0.0.1:${PORT:-8000}/health', timeout=4)\""]
CMD ["sh", "-c", "exec .venv/bin/python -m gunicorn -c gunicorn.conf.py --bind 0.0.0.0:${PORT:-8000} app:app"]
