"""Lines that no customer asked for: probes of balancers and clusters, tunnels in which requests cannot be seen.

They are passed over and counted, never dropped in silence. A client can name itself as it likes, so a name alone hides
nothing: only reading without a body, without model and tokens, is taken for a probe.
"""

from __future__ import annotations

from typing import Final

import polars as pl

PROBES: Final = "health checks"

TUNNELS: Final = "CONNECT"

_PATHS: Final = (
    r"^/(?:-/|_|api/|v1/)?(?:healthz?|health[-_]?checks?|livez?|liveness|liveliness|readyz?|readiness|metrics|ping|up|healthy)"
    r"(?:/(?:live|ready|liveness|liveliness|readiness|startup))?/?$"
)
_PROGRAMS: Final = (
    r"^(?:ELB-HealthChecker|kube-probe|GoogleHC|Amazon-Route53-Health-Check-Service|Consul Health Check|Envoy/HC|"
    r"Blackbox Exporter|Prometheus|HealthChecker|Edge Health Probe)\b"
)


def part_requests(events: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The events that are requests, and `row` and `kind` of those that are not."""
    method = events["method"]
    if method.null_count() == method.len() or not method.is_in(["GET", "HEAD", "CONNECT"]).any():
        return events, pl.DataFrame(schema={"row": pl.UInt32, "kind": pl.String})
    silent = pl.col("request_model").is_null() & pl.col("input_tokens").is_null() & pl.col("output_tokens").is_null()
    asked = pl.col("endpoint").str.contains(_PATHS) | (
        pl.col("user_agent").str.contains(_PROGRAMS) & (pl.col("endpoint") == "/")
    )
    kind = (
        pl.when(pl.col("method") == "CONNECT")
        .then(pl.lit(TUNNELS))
        .when(pl.col("method").is_in(["GET", "HEAD"]) & silent & asked.fill_null(value=False))
        .then(pl.lit(PROBES))
    )
    kinds = events.select(kind.alias("kind")).to_series()
    if kinds.null_count() == kinds.len():
        return events, pl.DataFrame(schema={"row": pl.UInt32, "kind": pl.String})
    return events.filter(kinds.is_null()), events.select("row", kinds).filter(kinds.is_not_null())
