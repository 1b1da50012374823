"""Writes cases.json: scored images with the temperature and bias SciPy finds for them, and order statistics by NumPy.

    python -m venv venv
    venv/bin/pip install numpy==2.4.6 scipy==1.17.1
    venv/bin/python generate.py

They are the minimum of the negative log-likelihood of log-odds / temperature + bias, both classes weighing alike, found
without its slope. Log-odds are kept within those of the float32 next to 1. Where classes can be told apart without error,
the targets are Platt's (1999).
"""

import json
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

rng = np.random.default_rng(20170806)
LARGEST = np.log(2.0**24 - 1)


def scored(n_real, n_fake, separation, sharpness, digits=6):
    """Probabilities that lean towards the truth, `sharpness` times as sure as they should be."""
    label = np.repeat([0, 1], [n_real, n_fake])
    evidence = rng.normal((2 * label - 1) * separation, 2 * np.sqrt(separation / 2))
    return np.round(expit(sharpness * evidence), digits), label


def cases():
    yield "too sure", *scored(150, 150, 1.0, 3.0), "0.95", ["0.01", "0.05"]
    yield "not sure enough", *scored(150, 150, 2.0, 0.4), "0.95", ["0.01", "0.05"]
    yield "as sure as it should be", *scored(400, 400, 1.5, 1.0), "0.9", ["0.02", "0.1", "0.29"]
    yield "few fake", *scored(220, 20, 1.5, 2.0), "0.95", ["0.01"]
    yield "few real", *scored(19, 300, 1.5, 2.0), "0.95", ["0.05"]
    yield "heavy ties", *scored(200, 200, 1.0, 1.0, digits=1), "0.9", ["0.05", "0.2"]
    yield "no signal", *scored(100, 100, 1e-9, 4e4), "0.8", ["0.1"]
    p, y = scored(120, 120, 3.0, 3.0)
    yield "reversed", 1 - p, y, "0.95", ["0.05"]
    p, y = scored(120, 120, 1.0, 1.0)
    yield "separable", np.where(y == 1, 0.5 + p / 2, p / 2.5), y, "0.95", ["0.05"]
    p, y = scored(120, 150, 4.0, 6.0, digits=15)
    p[:3], p[3], p[-3:], p[-4] = 0.0, 1.0, 1.0, 0.0
    yield "zeros and ones, some wrong", p, y, "0.95", ["0.05"]


def negative_log_likelihood(parameters, z, target, weight):
    u = parameters[0] * z + parameters[1]
    return np.sum(weight * (np.logaddexp(0, u) - target * u))


def scaling(p, y):
    """Temperature and bias; then the temperature alone."""
    with np.errstate(divide="ignore"):
        z = np.clip(logit(p), -LARGEST, LARGEST)
    n_real, n_fake = np.sum(y == 0), np.sum(y == 1)
    target = y.astype(float)
    if z[y == 0].max() <= z[y == 1].min():
        target = np.where(y == 1, (n_fake + 1) / (n_fake + 2), 1 / (n_real + 2))
    weight = np.where(y == 1, 0.5 / n_fake, 0.5 / n_real)
    slope, bias = least(lambda found: negative_log_likelihood(found, z, target, weight), [1.0, 0.0])
    [alone] = least(lambda found: negative_log_likelihood([found[0], 0.0], z, target, weight), [1.0])
    return 1 / slope, bias, 1 / alone


def least(value, found):
    """Where `value` is least; the first of its parameters is a slope."""
    bounds = [(0.01, 100.0), (None, None)][:len(found)]
    # A simplex alone stops early: it begins again from where it came to.
    for _ in range(6):
        found = minimize(
            value, found, method="Nelder-Mead", bounds=bounds,
            options={"xatol": 1e-12, "fatol": 1e-18, "maxiter": 4000, "maxfev": 8000},
        ).x
    return [float(one) for one in found]


def written(name, p, y, level, rates):
    t, b, alone = scaling(p, y)
    with np.errstate(divide="ignore"):
        calibrated = expit(np.clip(logit(p), np.log(np.finfo(float).tiny), 53 * np.log(2)) / t + b)
    real, fake = np.sort(calibrated[y == 0]), np.sort(calibrated[y == 1])
    rank = lambda n: ceil(Fraction(level) * (n + 1))
    highest = lambda rate: floor(Fraction(rate) * (len(real) + 1))
    return {
        "name": name,
        "probability_fake": p.tolist(),
        "label": y.tolist(),
        "level": float(level),
        "target_fprs": [float(rate) for rate in rates],
        "temperature": t,
        "bias": b,
        "temperature_alone": alone,
        "calibrated": calibrated.tolist(),
        "real_at_most": float(real[rank(len(real)) - 1]),
        "fake_at_least": float(fake[::-1][rank(len(fake)) - 1]),
        # Images above these are called fake.
        "boundaries": [float(real[::-1][highest(rate) - 1]) for rate in rates],
        "expected_fprs": [highest(rate) / (len(real) + 1) for rate in rates],
    }


path = Path(__file__).with_name("cases.json")
path.write_text(json.dumps({"cases": [written(*case) for case in cases()]}, indent=None, separators=(",", ":")) + "\n")
