"""Numbers fitted to real traces of language-model serving, embedded so that no trace has to be shipped.

Sources and licences:
- Azure/AzurePublicDataset, AzureLLMInferenceTrace_code and _conv (2023), CC-BY-4.0: tokens read and written per
  request.
- kvcache-ai/Mooncake, conversation_trace.jsonl, Apache-2.0: tokens of long conversations.
- alibaba/ServeGen, 43 API clients of one service over 14 days, Apache-2.0: rates and burstiness per 600 s window.
The tables are quantiles; a draw interpolates between them in the logarithm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from forensics.worlds.simulate.base import Array

LEVELS = np.array([0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0])

# kind of work → quantiles of (tokens read, tokens written) at LEVELS
TOKENS: dict[str, tuple[list[int], list[int]]] = {
    "code": ([3, 17, 75, 147, 578, 1469, 2744, 5187, 7303, 7436, 7437], [6, 6, 6, 7, 9, 13, 24, 55, 90, 251, 1899]),
    "conversation": (
        [2, 29, 181, 207, 396, 1020, 1189, 2734, 4083, 4142, 14050],
        [7, 16, 41, 54, 85, 129, 395, 424, 451, 601, 1000],
    ),
    "long": (
        [891, 894, 901, 964, 2306, 6909, 15367, 27367, 39550, 85400, 126195],
        [1, 3, 10, 24, 156, 350, 472, 597, 698, 1118, 2000],
    ),
}
WORK = ("code", "conversation", "long")

# ServeGen, over clients: sd of the log of mean rates 1.40; day-to-day coefficient of variation, median 0.85, quartiles
# 0.40 and 2.58;
# sd of log rate over 600 s windows within a client, median 1.3; share of windows with traffic, quartiles 0.01, 0.29,
# 0.98.
RATE_LOG_SD = 1.40
DAY_CV = (
    [0.066, 0.115, 0.40, 0.845, 1.6],
    [0.05, 0.1, 0.25, 0.5, 0.75],
)  # cut at the upper quartile: above it clients are on and off, modelled as such
# cv of gaps inside a window, median over a client's windows: quantiles over clients
GAP_CV = ([0.71, 0.98, 1.11, 1.25, 2.09, 4.08, 8.77], [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
# first harmonic of the hour-of-day profile relative to its mean, for clients that are always on
DAILY_SWING = ([0.067, 0.171, 0.369, 0.793, 1.0], [0.05, 0.1, 0.25, 0.5, 1.0])


def draw_tokens(uniform_in: Array, uniform_out: Array, work: Array, scale: Array) -> tuple[Array, Array]:
    """Tokens read and written for each request, by its kind of work, times the account's own scale."""
    read = np.empty(len(work))
    written = np.empty(len(work))
    for code, name in enumerate(WORK):
        mask = work == code
        if mask.any():
            tables = TOKENS[name]
            read[mask] = np.exp(np.interp(uniform_in[mask], LEVELS, np.log(tables[0])))
            written[mask] = np.exp(np.interp(uniform_out[mask], LEVELS, np.log(tables[1])))
    return np.maximum(read * scale, 1).astype(np.uint32), np.maximum(written * np.sqrt(scale), 1).astype(np.uint32)


def draw(table: tuple[list[float], list[float]], rng: np.random.Generator, n: int) -> Array:
    """N draws from a quantile table."""
    return np.interp(rng.random(n), table[1], table[0])
