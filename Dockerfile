# A slim image that runs as nobody on a read-only root: only the case's folder and /tmp are written.
#   docker build -t forensics .
#   docker run --rm --read-only --tmpfs /tmp -v "$PWD/logs:/logs:ro" -v "$PWD/case:/case" forensics \
#     investigate /logs --case /case --memory 8G
FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY forensics forensics
RUN python -m venv /opt/forensics \
 && /opt/forensics/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock \
 && /opt/forensics/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim
COPY --from=build /opt/forensics /opt/forensics
ENV PATH=/opt/forensics/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp FORENSICS_CASE=/case
USER 65532:65532
WORKDIR /case
ENTRYPOINT ["forensics"]
CMD ["--help"]
