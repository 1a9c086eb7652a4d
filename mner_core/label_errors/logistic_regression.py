"""Learns from examples what a wrong label looks like: logistic regression on features, their squares and products."""

import numpy as np

from mner_core.label_errors.crf_marginals import Floats

RIDGE = 1.0
ROUNDS = 3
STEPS = 50


def error_probabilities(given: Floats, wrong: Floats, importance: Floats) -> Floats:
    """The probability that each given label is an error, 0..1 [given].

    Iteratively reweighted: a given label's weight is 1 minus its error probability of the last round.

    Args:
        given: features of the labels in question, most of which are right [given, features].
        wrong: features of labels that are wrong for certain [wrong, features].
        importance: how much each wrong one counts; a given one counts 1 [wrong].
    """
    design = _design(np.concatenate([given, wrong]))
    is_wrong = np.concatenate([np.zeros(len(given)), np.ones(len(wrong))])
    weights = np.zeros(design.shape[1])
    believed = np.ones(len(given))
    for _ in range(ROUNDS):
        weights = _fitted(weights, design, is_wrong, np.concatenate([believed, importance]))
        chances = _sigmoid(design[: len(given)] @ weights)
        believed = 1 - chances
    return chances


def _fitted(weights: Floats, design: Floats, is_wrong: Floats, importance: Floats) -> Floats:
    """The weights of the best logistic regression with a ridge, by Newton's method from `weights` on."""
    ridge = np.full(len(weights), RIDGE)
    ridge[0] = 1e-6  # the constant is free
    for _ in range(STEPS):
        expected = _sigmoid(design @ weights)
        slope = design.T @ (importance * (expected - is_wrong)) + ridge * weights
        curve = (design * (importance * expected * (1 - expected))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if np.abs(step).max() < 0.01:
            break
    return weights


def _design(features: Floats) -> Floats:
    """A constant, the standardised features, and their products of two [examples, 1 + t + t (t + 1) / 2]."""
    scaled = np.clip((features - features.mean(axis=0)) / (features.std(axis=0) + 1e-9), -5, 5)
    first, second = np.triu_indices(features.shape[1])
    return np.concatenate([np.ones((len(features), 1)), scaled, scaled[:, first] * scaled[:, second]], axis=1)


def _sigmoid(scores: Floats) -> Floats:
    chances: Floats = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
    return chances
