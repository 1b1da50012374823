"""Mahalanobis scores with shrunk covariances, by scikit-learn.

python crates/fauxto/tests/golden/out_of_distribution/generate.py   (numpy 2, scikit-learn 1.9.1)

Two stages of correlated pooled maps of two classes, with channels that never fire, as ReLU networks give them. Scores
are squared distances to the nearest class mean over the number of channels, averaged over the stages.
"""

import json
from pathlib import Path

import numpy
from sklearn.covariance import LedoitWolf

STAGES, TRAINING, QUERIES = {12: [3, 8], 5: []}, 60, 20

generator = numpy.random.default_rng(7)
labels = numpy.arange(TRAINING) % 2
training, queries, shrinkage, scores = [], [], [], []
for channels, silent in STAGES.items():
    mixing = generator.normal(size=(channels, channels))
    mixing[silent] = 0
    own = generator.normal(size=(TRAINING, channels)) @ mixing.T + 2.0 * labels[:, None] * mixing.any(axis=1)
    own = own.astype(numpy.float32)
    asked = (3 * generator.normal(size=(QUERIES, channels))).astype(numpy.float32)
    means = numpy.stack([own[labels == label].mean(axis=0, dtype=numpy.float64) for label in (0, 1)])
    estimate = LedoitWolf(assume_centered=True).fit(own.astype(numpy.float64) - means[labels])
    distances = numpy.stack([estimate.mahalanobis(asked.astype(numpy.float64) - mean) for mean in means])
    training.append(own.tolist())
    queries.append(asked.tolist())
    shrinkage.append(float(estimate.shrinkage_))
    scores.append(distances.min(axis=0) / channels)

golden = {
    "training": list(zip(*training)),
    "labels": labels.tolist(),
    "queries": list(zip(*queries)),
    "shrinkage": shrinkage,
    "scores": numpy.mean(scores, axis=0).tolist(),
}
path = Path(__file__).with_name("mahalanobis.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
