"""Why a run has no score on a split: one sentence for each reason, wherever it is asked for."""


def called(dataset: str, split: str | None) -> str:
    """How a data set, or one of its splits, is called: "scenes, valid"."""
    return f"{dataset}, {split}" if split else dataset


def nothing_labelled(where: str) -> str:
    """Nobody has labelled anything there."""
    return f"Nobody has labelled a post of {where}: there is nothing to measure on."


def brought_elsewhere(run: str, where: str) -> str:
    """The run was brought, and not for these posts."""
    return f"{run} was brought without predictions of these labelled posts of {where}."


def not_predicted(run: str, number: int, where: str) -> str:
    """The run has not looked at so many labelled posts there."""
    return f"The run {run} has not predicted {number} labelled {'post' if number == 1 else 'posts'} of {where} yet."
