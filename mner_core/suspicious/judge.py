"""Learns from examples what a wrong label looks like: logistic regression on traits, their squares and products."""

import numpy as np

from mner_core.suspicious.chain import Floats

RIDGE = 1.0
ROUNDS = 3
STEPS = 50


def chances_of_error(given: Floats, wrong: Floats, importance: Floats) -> Floats:
    """The probability that each given label is an error, 0..1 [given].

    In each round the given ones count as right only as far as the last round believed them.

    Args:
        given: traits of the labels in question, most of which are right [given, traits].
        wrong: traits of labels that are wrong for certain [wrong, traits].
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


def _design(traits: Floats) -> Floats:
    """A constant, the standardised traits, and their products of two [examples, 1 + t + t (t + 1) / 2]."""
    scaled = np.clip((traits - traits.mean(axis=0)) / (traits.std(axis=0) + 1e-9), -5, 5)
    first, second = np.triu_indices(traits.shape[1])
    return np.concatenate([np.ones((len(traits), 1)), scaled, scaled[:, first] * scaled[:, second]], axis=1)


def _sigmoid(scores: Floats) -> Floats:
    chances: Floats = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
    return chances
