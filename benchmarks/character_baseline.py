"""What memory alone makes of a data set: a tagger that knows each word only by itself and by the one before.

A word gets the commonest tag that training gave it behind the same word before it; where training never saw that pair,
the commonest tag of the word itself; where it never saw the word, O. In a data set with one character a token, as
CP-MNER, this is the baseline that a model must leave far behind.

    python -m benchmarks.character_baseline DIR
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from mner_core.data.dataset import read_dataset
from mner_core.evaluation.scoring import score
from mner_core.tags import decode, encode
from mner_core.types import Example, InputError, Span

BEGIN = "\N{START OF TEXT}"
"""Stands before the first word."""


class Memory:
    """The commonest tag of each word, and of each word behind each other one."""

    def __init__(self, posts: Sequence[Example]) -> None:
        seen: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for post in posts:
            tags = encode(post.spans or (), len(post.tokens), "BIO2")
            for (before, word), tag in zip(_pairs(post), tags, strict=True):
                seen[before, word][tag] += 1
                seen[word,][tag] += 1
        self.commonest = {context: tags.most_common(1)[0][0] for context, tags in seen.items()}

    def spans(self, post: Example) -> list[Span]:
        """The entities of a post; an `I-` tag without a beginning begins one, as everywhere."""
        alone = [self.commonest.get((word,), "O") for word in post.words]
        return decode([self.commonest.get(pair, tag) for pair, tag in zip(_pairs(post), alone, strict=True)])


def _pairs(post: Example) -> Iterator[tuple[str, str]]:
    return zip((BEGIN, *post.words), post.words, strict=False)


def main(folder: Path) -> None:
    """Prints the baseline's F1 on every labelled split but `train`."""
    data = read_dataset(folder)
    memory = Memory([post for post in data.split("train") if post.spans is not None])
    for name, posts in data.splits.items():
        labelled = [post for post in posts if post.spans is not None]
        if name == "train" or not labelled:
            continue
        found = score(labelled, [memory.spans(post) for post in labelled])
        print(f"{data.name} {name}: F1 {found.f1:.2f}, twice that {2 * found.f1:.2f} (support {found.micro.support})")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except (IndexError, InputError) as error:
        sys.exit(str(error) if isinstance(error, InputError) else __doc__)
