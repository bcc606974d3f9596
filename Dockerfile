# A slim image that runs as nobody on a read-only root: only the case's folder and /tmp are written.
#   docker build -t forensics .                            # --build-arg EXTRAS=s3,dask for more
#   docker run --rm --read-only --tmpfs /tmp --cap-drop ALL -v "$PWD/logs:/logs:ro" -v "$PWD/case:/case" forensics \
#     investigate /logs --case /case --memory 8G
FROM python:3.12-slim AS build
ARG EXTRAS=""
WORKDIR /build
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY forensics forensics
# What the lock names is fetched by hash; from that, and nothing else, the tool and what it needs is installed: no tests.
RUN pip download --quiet --no-cache-dir --require-hashes --requirement requirements.lock --dest /wheels \
 && python -m venv /opt/forensics \
 && /opt/forensics/bin/pip install --no-cache-dir --no-index --find-links /wheels hatchling editables \
 && /opt/forensics/bin/pip install --no-cache-dir --no-index --find-links /wheels --no-build-isolation ".${EXTRAS:+[$EXTRAS]}" \
 && /opt/forensics/bin/pip uninstall --yes --quiet hatchling editables \
 && /opt/forensics/bin/python -m compileall -q /opt/forensics/lib \
 && /opt/forensics/bin/forensics --version

FROM python:3.12-slim
COPY --from=build /opt/forensics /opt/forensics
RUN mkdir /case && chown 65532:65532 /case
ENV PATH=/opt/forensics/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["forensics"]
CMD ["--help"]
