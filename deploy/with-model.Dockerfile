# An image with a model in it, for hosts without a disk: docs/container-host.md.
FROM creditscore
COPY --chown=creditscore:creditscore . included/
ENV CREDITSCORE_MODEL_DIR=/srv/creditscore/included
