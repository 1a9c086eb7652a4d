"""What is printed: a line a mutant, and a table of the rooms."""

from collections import Counter

from tests.mutants.run import Outcome

CAUGHT, EQUIVALENT = 0.85, 0.05
"""The least share of caught mutants, and the largest of mutants named as equivalent."""


class Report:
    """Counts outcomes by room, and says whether enough were caught."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self._outcomes = outcomes

    @staticmethod
    def line(outcome: Outcome) -> str:
        """A mutant with file, line, before and after, and what caught it."""
        mutant = outcome.mutant
        head = (
            f"{outcome.said:<13} {mutant.room:<12} {mutant.file}:{mutant.line}  ({outcome.seconds:.0f} s) {outcome.by}"
        )
        return f"{head.rstrip()}\n    - {mutant.before}\n    + {mutant.after}"

    def share(self) -> float:
        """Caught over caught, survived and not run; 0 where there is none."""
        counted = [outcome for outcome in self._outcomes if outcome.said != "equivalent"]
        return sum(outcome.caught for outcome in counted) / len(counted) if counted else 0.0

    def holds(self) -> bool:
        """Whether enough mutants were caught, and few enough are named as equivalent."""
        alike = sum(outcome.said == "equivalent" for outcome in self._outcomes)
        return self.share() >= CAUGHT and alike <= EQUIVALENT * len(self._outcomes)

    def table(self) -> str:
        """The survivors once more, then the numbers by room."""
        lines = ["", *(self.line(outcome) for outcome in self._outcomes if outcome.said in {"survived", "not run"}), ""]
        kinds = ("caught", "caught (time)", "survived", "not run", "equivalent")
        lines.append(f"{'room':<14}" + "".join(f"{kind:>14}" for kind in kinds))
        for room in dict.fromkeys(outcome.mutant.room for outcome in self._outcomes):
            said = Counter(outcome.said for outcome in self._outcomes if outcome.mutant.room == room)
            lines.append(f"{room:<14}" + "".join(f"{said[kind]:>14}" for kind in kinds))
        alike = sum(outcome.said == "equivalent" for outcome in self._outcomes)
        lines.append(
            f"{100 * self.share():.1f} % caught of {len(self._outcomes) - alike} (at least {100 * CAUGHT:.0f} %), "
            f"{alike} named as equivalent (at most {100 * EQUIVALENT:.0f} % of {len(self._outcomes)})"
        )
        return "\n".join(lines)
