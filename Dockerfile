# The bot, without a compiler, without pip, and as nobody in particular. Everything that it keeps is in /data, or in PostgreSQL.
#
# The base is pinned by a tag, so that a rebuild brings its security fixes. For the same bytes each time pin it by digest, in
# both places: `docker buildx imagetools inspect python:3.13-slim-trixie` prints it, and FROM takes name:tag@sha256:…

FROM python:3.13-slim-trixie AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /opt/signoff
# Exact versions, checked by hash, and nothing that has to be compiled.
COPY deploy/requirements.lock deploy/
RUN /opt/signoff/bin/python -m pip install --only-binary :all: --require-hashes -r deploy/requirements.lock
# The program, built with the locked setuptools: nothing is fetched that has no hash.
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY graphs graphs
COPY storage storage
RUN /opt/signoff/bin/python -m pip install --no-index --no-deps --no-build-isolation . \
 && /opt/signoff/bin/python -m pip uninstall --yes setuptools pip

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="Signoff" \
      org.opencontainers.image.description="A Slack agent that asks before it acts" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
# A fixed number, so that whoever mounts a folder knows whom it has to belong to.
RUN groupadd --gid 10001 signoff \
 && useradd --uid 10001 --gid signoff --home-dir /data --no-create-home --shell /usr/sbin/nologin signoff \
 && install --directory --owner signoff --group signoff --mode 0700 /data \
 && install --directory /app
COPY --from=build /opt/signoff /opt/signoff
ENV PATH=/opt/signoff/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    DATABASE_URL=sqlite:////data/signoff.db \
    PORT=3000
# An agent of yours belongs in /app, and cannot be written; what it leaves in its working directory is kept.
WORKDIR /data
VOLUME ["/data"]
EXPOSE 3000
USER 10001:10001
STOPSIGNAL SIGTERM
# Whether the event loop answers: all that a restart could mend. No shell, no curl, and no proxy in between.
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s --retries=3 \
    CMD ["python", "-I", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["signoff"]
CMD ["run"]
