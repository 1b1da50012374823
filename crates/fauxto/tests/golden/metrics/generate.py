"""Writes cases.json: scored images with what scikit-learn, SciPy and statsmodels measure on them.

    python -m venv venv
    venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 statsmodels==0.15.0
    venv/bin/python generate.py

Where a class is absent, scikit-learn warns and returns a placeholder for some metrics; those are
`null` here. scikit-learn has no equal error rate and no expected calibration error: the first is
found with SciPy's root finder on its ROC curve, the second follows Guo et al. 2017 with NumPy.
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import brentq
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(20240229)


def informed(n, share_fake=0.5, separation=1.0, digits=6):
    """Probabilities that lean towards the truth, rounded so that the file holds them exactly."""
    label = (rng.random(n) < share_fake).astype(int)
    logit = rng.normal((2 * label - 1) * separation, 1.5)
    return np.round(1 / (1 + np.exp(-logit)), digits), label


def cases():
    yield "random", *informed(200), 0.5
    yield "random, threshold .3", *informed(200), 0.3
    yield "no signal", *informed(200, separation=0.0), 0.5
    yield "heavy ties", *informed(300, digits=1), 0.5
    yield "three levels", *informed(120, digits=0), 0.5
    yield "imbalance, 2% fake", *informed(400, share_fake=0.02), 0.5
    yield "imbalance, 97% fake", *informed(300, share_fake=0.97), 0.5
    p, y = informed(40)
    yield "perfect", np.where(y == 1, 0.5 + p / 2, p / 2.5), y, 0.5
    yield "reversed", np.where(y == 1, p / 2.5, 0.5 + p / 2), y, 0.5
    yield "certain and right", y.astype(float), y, 0.5
    yield "certain and wrong", 1.0 - y, y, 0.5
    yield "constant .5", np.full(20, 0.5), np.arange(20) % 2, 0.5
    yield "constant .3", np.full(20, 0.3), (np.arange(20) % 4 == 0).astype(int), 0.5
    yield "nothing called fake", *informed(50), 1.0
    yield "everything called fake", *informed(50), 0.0
    yield "bin edges", np.arange(31) / 30, (np.arange(31) % 3 == 0).astype(int), 0.5
    yield "all real", *informed(30, share_fake=0.0), 0.5
    yield "all fake", *informed(30, share_fake=1.0), 0.5
    for n in (1, 2, 3):
        for truth in range(2**n):
            label = np.array([truth >> bit & 1 for bit in range(n)])
            yield f"n = {n}, labels {label.tolist()}", np.round(rng.random(n), 3), label, 0.5


def equal_error_rate(fpr, tpr):
    steps = np.arange(len(fpr))
    root = brentq(
        lambda t: np.interp(t, steps, fpr) + np.interp(t, steps, tpr) - 1, 0, len(fpr) - 1, xtol=1e-14, rtol=1e-14
    )
    return np.interp(root, steps, fpr)


def expected_calibration_error(probability, label, bins=15):
    confidence = np.where(probability >= 0.5, probability, 1 - probability)
    right = (probability >= 0.5) == (label == 1)
    bin_of = np.digitize(confidence, np.arange(bins + 1) / bins, right=True) - 1
    return sum(
        (bin_of == b).mean() * abs(right[bin_of == b].mean() - confidence[bin_of == b].mean())
        for b in np.unique(bin_of)
    )


def measure(probability, label, threshold):
    verdict = (probability >= threshold).astype(int)
    both = len(np.unique(label)) == 2
    (rr, rf), (fr, ff) = metrics.confusion_matrix(label, verdict, labels=[0, 1])
    found = {
        "accuracy": metrics.accuracy_score(label, verdict),
        "balanced_accuracy": metrics.balanced_accuracy_score(label, verdict) if both else None,
        "f1": metrics.f1_score(label, verdict) if label.any() or verdict.any() else None,
        "average_precision": metrics.average_precision_score(label, probability) if label.any() else None,
        "nll": metrics.log_loss(label, probability, labels=[0, 1]),
        "brier": metrics.brier_score_loss(label, probability, pos_label=1) if both
        else np.mean((probability - label) ** 2),
        "ece": expected_calibration_error(probability, label),
    }
    for name in ("roc_auc", "eer", "tpr_at_1_percent_fpr", "tpr_at_5_percent_fpr"):
        found[name] = None
    if both:
        fpr, tpr, _ = metrics.roc_curve(label, probability, drop_intermediate=False)
        found["roc_auc"] = metrics.roc_auc_score(label, probability)
        found["eer"] = equal_error_rate(fpr, tpr)
        for percent in (1, 5):
            found[f"tpr_at_{percent}_percent_fpr"] = tpr[fpr <= percent / 100].max()
    low, high = proportion_confint(rr + ff, len(label), method="wilson")
    return {
        "metrics": {name: None if value is None else float(value) for name, value in found.items()},
        "accuracy_interval": [float(low), float(high)],
        "confusion": dict(
            real_as_real=int(rr), real_as_fake=int(rf), fake_as_real=int(fr), fake_as_fake=int(ff)
        ),
    }


def comparisons():
    for only_first, only_second in [(0, 1), (3, 3), (1, 8), (10, 25), (300, 240), (2_000, 2_300), (60_000, 59_000)]:
        table = [[0, only_first], [only_second, 0]]
        yield {
            "only_first_right": only_first,
            "only_second_right": only_second,
            "p_value": float(mcnemar(table, exact=True).pvalue),
        }


def main():
    lines = [
        json.dumps(
            {
                "name": name,
                "threshold": threshold,
                "probability_fake": [float(value) for value in probability],
                "label": [int(value) for value in label],
                **measure(probability, label, threshold),
            }
        )
        for name, probability, label, threshold in cases()
    ]
    tests = [json.dumps(test) for test in comparisons()]
    text = '{"cases": [\n' + ",\n".join(lines) + '\n],\n"comparisons": [\n' + ",\n".join(tests) + "\n]}\n"
    Path(__file__).with_name("cases.json").write_text(text)


main()
