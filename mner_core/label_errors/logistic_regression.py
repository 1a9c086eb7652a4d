"""Learns from examples what a wrong label looks like: logistic regression on features, their squares and products."""

import numpy as np

from mner_core.label_errors.crf_marginals import Floats

ROUNDS = 3


def error_probabilities(given: Floats, wrong: Floats, importance: Floats) -> Floats:
    """The probability that each given label is an error, 0..1 [given].

    Iteratively reweighted: a given label's weight is 1 minus its error probability of the last round.

    Args:
        given: features of the labels in question, most of which are right [given, features].
        wrong: features of labels that are wrong for certain [wrong, features].
        importance: how much each wrong one counts; a given one counts 1 [wrong].
    """
    # imported where labels are ranked: it costs seconds that no other command should pay
    from sklearn.linear_model import LogisticRegression

    design = _design(np.concatenate([given, wrong]))
    is_wrong = np.concatenate([np.zeros(len(given)), np.ones(len(wrong))])
    classifier = LogisticRegression(C=1.0, solver="newton-cholesky", warm_start=True)
    chances = np.zeros(len(given))
    for _ in range(ROUNDS):
        classifier.fit(design, is_wrong, sample_weight=np.concatenate([1 - chances, importance]))
        chances = classifier.predict_proba(design[: len(given)])[:, 1]
    return chances


def _design(features: Floats) -> Floats:
    """The standardised features and their products of two [examples, t + t (t + 1) / 2]."""
    scaled = np.clip((features - features.mean(axis=0)) / (features.std(axis=0) + 1e-9), -5, 5)
    first, second = np.triu_indices(features.shape[1])
    return np.concatenate([scaled, scaled[:, first] * scaled[:, second]], axis=1)
