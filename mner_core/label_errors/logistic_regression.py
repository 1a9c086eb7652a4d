"""Learns from examples what a wrong label looks like: logistic regression on features."""

import numpy as np

from mner_core.label_errors.crf_marginals import Floats

ROUNDS = 3


def error_probabilities(given: Floats, wrong: Floats, importance: Floats) -> Floats:
    """The probability that each given label is an error, 0..1 [given].

    Iteratively reweighted: a given label's weight is 1 minus its error probability of the last round. Linear in the
    features: with their products of two it learns how errors made on purpose differ from those that people make.

    Args:
        given: features of the labels in question, most of which are right [given, features].
        wrong: features of labels that are wrong for certain [wrong, features].
        importance: how much each wrong one counts; a given one counts 1 [wrong].
    """
    # imported where labels are ranked: it costs seconds that no other command should pay
    from sklearn.linear_model import LogisticRegression

    design = _standardised(np.concatenate([given, wrong]))
    is_wrong = np.concatenate([np.zeros(len(given)), np.ones(len(wrong))])
    classifier = LogisticRegression(C=1.0, solver="newton-cholesky", warm_start=True)
    chances = np.zeros(len(given))
    for _ in range(ROUNDS):
        classifier.fit(design, is_wrong, sample_weight=np.concatenate([1 - chances, importance]))
        chances = classifier.predict_proba(design[: len(given)])[:, 1]
    return chances


def _standardised(features: Floats) -> Floats:
    """Mean 0 and deviation 1 for each feature, cut at 5 deviations [examples, features]."""
    scaled: Floats = np.clip((features - features.mean(axis=0)) / (features.std(axis=0) + 1e-9), -5, 5)
    return scaled
