"""Lines that no customer asked for: tunnels in which requests cannot be seen, probes of balancers and clusters.

A tunnel that was opened is passed over and counted. A probe stays an event, since a client can call itself as it likes
and ask for any path, and is told.
"""

from __future__ import annotations

from typing import Final

import polars as pl

TUNNELS: Final = "CONNECT"

_PATHS: Final = (
    r"^/(?:-/|_|api/|v1/)?(?:healthz?|health[-_]?checks?|livez?|liveness|liveliness|readyz?|readiness|metrics|ping|up|healthy)"
    r"(?:/(?:live|ready|liveness|liveliness|readiness|startup))?/?$"
)
_PROGRAMS: Final = (
    r"^(?:ELB-HealthChecker|kube-probe|GoogleHC|Amazon-Route53-Health-Check-Service|Consul Health Check|Envoy/HC|"
    r"Blackbox Exporter|Prometheus|HealthChecker|Edge Health Probe)\b"
)


def part_requests(events: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """The events that are requests, and how many are not, by kind."""
    method = events["method"]
    if method.null_count() == method.len() or not (method == TUNNELS).any():
        return events, {}
    opened = pl.col("status_code").is_between(200, 299) | pl.col("status_code").is_null()
    tunnels = events.select(((pl.col("method") == TUNNELS) & opened).fill_null(value=False)).to_series()
    return (events.filter(~tunnels), {TUNNELS: int(tunnels.sum())}) if tunnels.any() else (events, {})


def count_probes(events: pl.DataFrame) -> int:
    """Events that look like a probe: reading without a body, of a path that tells health, without model and tokens."""
    method = events["method"]
    if method.null_count() == method.len():
        return 0
    silent = pl.col("request_model").is_null() & pl.col("input_tokens").is_null() & pl.col("output_tokens").is_null()
    asked = pl.col("endpoint").str.contains(_PATHS) | (
        pl.col("user_agent").str.contains(_PROGRAMS) & (pl.col("endpoint") == "/")
    )
    return int(events.select((pl.col("method").is_in(["GET", "HEAD"]) & silent & asked).sum()).item())
