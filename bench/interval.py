"""Intervals of proportions, and how far several runs lie apart."""

import statistics


def wilson(successes: int, trials: int) -> list[float]:
    """The 95% score interval (Wilson 1927)."""
    z, share = 1.959963984540054, successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * (share * (1 - share) / trials + z * z / (4 * trials**2)) ** 0.5
    return [max(0.0, centre - half), min(1.0, centre + half)]


def spread(values: list[float]) -> dict:
    """What several runs gave: their mean, the lowest and the highest."""
    return {"mean": statistics.mean(values), "lowest": min(values), "highest": max(values)}
