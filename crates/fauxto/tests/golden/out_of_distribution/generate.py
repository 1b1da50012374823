"""Mahalanobis scores with a shrunk covariance, by scikit-learn.

python crates/fauxto/tests/golden/out_of_distribution/generate.py   (numpy 2, scikit-learn 1.9.1)

Two classes of correlated descriptors with channels that never fire, as ReLU networks give them; scores are squared
distances to the nearest class mean over the number of channels.
"""

import json
from pathlib import Path

import numpy
from sklearn.covariance import LedoitWolf

CHANNELS, TRAINING, QUERIES = 12, 60, 20

generator = numpy.random.default_rng(7)
mixing = generator.normal(size=(CHANNELS, CHANNELS))
mixing[[3, 8]] = 0
labels = numpy.arange(TRAINING) % 2
training = generator.normal(size=(TRAINING, CHANNELS)) @ mixing.T + 2.0 * labels[:, None] * (mixing.any(axis=1))
training = training.astype(numpy.float32)
queries = (3 * generator.normal(size=(QUERIES, CHANNELS))).astype(numpy.float32)

means = numpy.stack([training[labels == label].mean(axis=0, dtype=numpy.float64) for label in (0, 1)])
estimate = LedoitWolf(assume_centered=True).fit(training.astype(numpy.float64) - means[labels])
distances = numpy.stack([estimate.mahalanobis(queries.astype(numpy.float64) - mean) for mean in means])

golden = {
    "training": training.tolist(),
    "labels": labels.tolist(),
    "queries": queries.tolist(),
    "shrinkage": float(estimate.shrinkage_),
    "scores": (distances.min(axis=0) / CHANNELS).tolist(),
}
path = Path(__file__).with_name("mahalanobis.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
