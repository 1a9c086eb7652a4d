"""What a person is shown of each command's answer: the counts first, then what matters, in at most a screen or two."""

from collections.abc import Callable, Mapping
from typing import Any

from mner_core.commands.text_output import SHOWN, as_text, table

Fields = Mapping[str, Any]
_MORE = ("f1_deviation", "per_type", "slices", "errors", "confusion", "calibration", "against")
"""What is said of each of several protocols, beside its figures over all types."""
DEFECTS = 60
"""Defects that a person is shown, shared among their kinds; at most as many of one kind as a table has rows."""


def text_of(command: str, answer: Fields) -> str:
    """The answer of the command as text."""
    return FORMS.get(command, as_text)(answer)


def _models(answer: Fields) -> str:
    """Variants are parted by a bar: some hold a comma."""
    lines = []
    for entry in answer["models"]:
        lines += [
            f"{entry['name']}: {entry['title']}. {entry['paper']}",
            f"  variants: {' | '.join(entry['variants'])}",
        ]
    return "\n".join(lines)


def _check_data(answer: Fields) -> str:
    """The counts, then the first defects of each kind."""
    counts = {name: value for name, value in answer.items() if name not in {"defects", "counts"}}
    lines = [as_text(counts), f"defects: {len(answer['defects'])}"]
    shown = min(SHOWN, DEFECTS // max(len(answer["counts"]), 1))
    for kind, number in answer["counts"].items():
        lines.append(f"  {kind}: {number}")
        of_kind = [defect for defect in answer["defects"] if defect["kind"] == kind]
        for defect in of_kind[:shown]:
            line = f" line {defect['line']}" if defect["line"] else ""
            lines.append(f"    {defect['file']}{line}: {defect['detail']}")
        if len(of_kind) > shown:
            lines.append(f"    ... and {len(of_kind) - shown} more of this kind; --json has all of them.")
    return "\n".join(lines)


def _train(answer: Fields) -> str:
    """The score on valid and its slices' micro figures."""
    dev = {**answer["dev"], "slices": _figures(answer["dev"].get("slices", {}))}
    return as_text({**answer, "dev": dev})


def _evaluate(answer: Fields) -> str:
    """Confidences and shares in per cent, as F1 is; of several protocols a table, then what else there is of each."""
    protocols = answer.get("protocols", {})
    first = {name: value for name, value in answer.items() if name != "protocols"}
    if not protocols:
        return as_text(_looked_into(first))
    others = {
        f"under {name}": _looked_into({part: found[part] for part in _MORE if part in found})
        for name, found in protocols.items()
        if name != answer["protocol"] and any(part in found for part in _MORE)
    }
    return as_text({"protocols": _figures(protocols), **_looked_into(first), **others})


def _looked_into(answer: Fields) -> dict[str, Any]:
    shown = dict(answer)
    if "calibration" in shown:
        shown["calibration"] = _calibration(shown["calibration"])
    if "against" in shown:
        shown["against"] = _comparison(shown["against"])
    return shown


def _image_worth(answer: Fields) -> str:
    sides = {name: answer[name] for name in ("own", "none", "swapped")}
    rest = {name: value for name, value in answer.items() if name not in {*sides, "against_none", "against_swapped"}}
    changes = rest.pop("changes")
    compared = {name: answer[name]["sentence"] for name in ("against_none", "against_swapped")}
    return as_text({**rest, "by pictures": sides, **compared, "changes": changes})


def _pointing(answer: Fields) -> str:
    shares = ("share", "chance", "reachable", "untrained")
    return as_text({**answer, "evidence": [_percent(each, shares) for each in answer["evidence"]]})


def _predict(answer: Fields) -> str:
    """Spans with confidences in per cent; of the evidence what there is, not its numbers."""
    if "spans" not in answer or isinstance(answer["spans"], int):
        return as_text(answer)
    evidence = [
        {
            "name": each["name"],
            "kind": each["kind"],
            "shape": " x ".join(
                f"{len(items)} {axis}" for axis, items in zip(each["axes"], each["items"], strict=True)
            ),
        }
        for each in answer.get("evidence", ())
    ]
    return as_text(
        {**answer, "spans": [_percent(span, ("confidence",)) for span in answer["spans"]], "evidence": evidence}
    )


def _explain(answer: Fields) -> str:
    """The regions as they lie in the picture, seven rows of seven; probabilities of curves in per cent."""
    if "words" not in answer:
        shares = {name: _percent(answer[name], tuple(answer[name])) for name in ("deletion", "insertion")}
        return as_text({**answer, **shares})
    regions = answer["regions"] or ()
    rows = [" ".join(f"{score:+.3f}" for score in regions[start : start + 7]) for start in range(0, len(regions), 7)]
    words = [{"text": word["text"], "score": word["score"]} for word in answer["words"]]
    return as_text({**answer, "words": words, "regions": "\n".join(["", *rows]) if rows else None})


def _label_errors(answer: Fields) -> str:
    """The label before the reason, which is a sentence and stands last."""
    order = ("score", "post", "split", "text", "label", "suggested", "start", "end", "reason", "detail")
    items = [_percent({name: item[name] for name in order if name in item}, ("score",)) for item in answer["items"]]
    posts = [_percent(post, ("score",)) for post in answer["posts"]]
    counts = {name: value for name, value in answer.items() if name not in {"items", "posts"}}
    return "\n".join([as_text(counts), "items:", *table(items, "  "), "posts:", *table(posts, "  ")])


def _calibration(found: Fields) -> dict[str, Any]:
    shown = _percent(found, ("ece",))
    shown["bins"] = [_percent(each, ("low", "high", "confidence", "right")) for each in found["bins"]]
    if "with_temperature" in found:
        shown["with_temperature"] = _calibration(found["with_temperature"])
    return shown


def _comparison(found: Fields) -> dict[str, Any]:
    """Both sides and what the tests say, in a sentence; --json has every test."""
    sides = {"ours": found["ours"], "theirs": found["theirs"]}
    said = {"runs": found["runs"], "sentence": found["sentence"], "F1 over seeds": sides}
    if not found["suggested"]:
        return said
    note = "their labels were suggested by a compared run; those before count"
    return said | {
        "posts whose labels a compared run suggested": f"{found['suggested']}: {note} ({found['left_out']} left out)",
        "F1 on the labels as they are (no verdict)": found["as_labelled"],
    }


def _figures(parts: Fields) -> dict[str, Any]:
    names = ("precision", "recall", "f1", "support")
    return {name: {each: part[each] for each in names if each in part} for name, part in parts.items()}


def _percent(record: Fields, names: tuple[str, ...]) -> dict[str, Any]:
    """The record with these shares as 0..100."""
    return {
        name: 100 * value if name in names and isinstance(value, int | float) else value
        for name, value in record.items()
    }


def _similar(answer: Fields) -> str:
    """One line a neighbour: cosine, post, its entities and its text; a post that nobody labelled says so."""
    lines = [f"by {answer['by']}, by falling cosine:"]
    for each in answer["neighbours"]:
        named = [f"{each['text'][it['start'] : it['end']]} {it['label']}" for it in each["spans"] or ()]
        said = "not labelled" if each["spans"] is None else ", ".join(named) or "no entity"
        lines.append(
            f"  {each['score']:6.3f}  {each['split']}/{each['post']}  [{said}]  {' '.join(each['text'].split())}"
        )
    return "\n".join(lines if answer["neighbours"] else [f"No post has anything to compare by {answer['by']}."])


FORMS: Mapping[str, Callable[[Fields], str]] = {
    "models": _models,
    "check-data": _check_data,
    "train": _train,
    "evaluate": _evaluate,
    "image-worth": _image_worth,
    "pointing": _pointing,
    "predict": _predict,
    "explain": _explain,
    "similar": _similar,
    "label-errors": _label_errors,
    "suspicious": _label_errors,
}
