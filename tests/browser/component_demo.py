"""A page that holds each component with made-up posts, for browser tests and screenshots. Never part of the app."""

import base64
import json
from contextlib import nullcontext
from io import BytesIO

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from db.character_spans import Mark, marks_from_spans
from mner_core.data.entity_types import EntityType
from mner_core.data.tokenize import tokenize
from mner_core.types import Evidence, ImageObject, InputError, Span
from pages.components.attribution_view import attribution_view
from pages.components.evidence_view import NeighbourPost, evidence_view
from pages.components.span_annotator import Save, Suggestion, span_annotator
from pages.components.span_text import MarkedText, span_text

CP = [
    "ARTWORK",
    "PAINTER",
    "SIZE",
    "TIME",
    "SEAL",
    "STYLE",
    "PLACE",
    "TECHNIQUE",
    "MUSEUM",
    "SUBJECT",
    "COLOUR",
    "TITLE",
]
POSTS = {
    "match": (
        "Kevin Durant 🔥 drops 41 as the Warriors win in San Francisco ! Durant says thanks",
        ["PER", "LOC", "ORG", "MISC"],
    ),
    "emoji": ("👨‍👩‍👧‍👦 meet Beyoncé 🇫🇷 in Paris 🎉 with e\u0301lan Zoe\u0308 tonight", ["PER", "LOC", "ORG", "MISC"]),
    "rtl": ("زار محمد صلاح مدينة لندن مع Liverpool FC", ["PER", "LOC", "ORG", "MISC"]),
    "hostile": (
        "<script>window.hacked=1</script> <img src=x onerror=window.hacked=1> & <b>Bob</b> \u202e evil \u202c end",
        ["PER", "LOC"],
    ),
    "pile": ("Ann met Z" + "\u0301" * 10_000 + " in Rome", ["PER", "LOC"]),
    "long": (("The quick Ann Lee of New York met Bob Ray . " * 460)[:20_000], ["PER", "LOC", "ORG", "MISC"]),
    "many": ("《风竹图》轴，清，郑燮绘，纸本，水墨，纵 93.2 厘米，现藏故宫博物院。", CP),
    "same": ("Ann in Paris , Paris , Texas and paris", ["PER", "LOC"]),
    "types": (
        "Ann met Rex in Rome",
        [
            EntityType(name="PERSON", key="p", colour="#c02020", description="People and pets.", examples=("Rex",)),
            EntityType(name="PLACE"),
            EntityType(name="LANGUAGE", key="l"),
        ],
    ),
}
PREDICTED = {
    "match": [
        ("Kevin Durant", "PER", 0.97),
        ("Warriors", "ORG", 0.88),
        ("San Francisco", "LOC", 0.93),
        ("Francisco !", "PER", 0.2),
    ],
    "emoji": [("Paris", "LOC", 0.91)],
    "hostile": [("Bob", "PER", 0.5)],
}
GOLD = {
    "match": [("Durant says", "MISC")],
    "many": [("风竹图", "ARTWORK"), ("郑燮", "PAINTER"), ("故宫博物院", "MUSEUM")],
}


def place(text: str, name: str) -> dict[str, int]:
    return {"start": text.index(name), "end": text.index(name) + len(name)}


def marks(name: str) -> tuple[Mark, ...]:
    text = POSTS[name][0]
    saved = st.session_state.get(f"saved {name}")
    if saved is not None:
        return saved.marks
    gold = [Mark(**place(text, part), label=label, id=f"old{n}") for n, (part, label) in enumerate(GOLD.get(name, []))]
    return (*gold, *marks_from_spans(tokenize(text), [Span(1, 3, "PER")] if name == "zero" else []))


def annotate() -> None:
    name = st.query_params.get("post", "match")
    text, labels = POSTS[name]
    st.session_state["reruns"] = st.session_state.get("reruns", 0) + 1
    st.caption(f"reruns {st.session_state['reruns']}")

    def save(done: Save) -> None:
        if "lost" in st.query_params and "lost" not in st.session_state:
            st.session_state["lost"] = True
            return
        if any(mark.label == "MISC" and text[mark.start : mark.end] == "drops" for mark in done.marks):
            raise InputError("Nobody is called drops; choose another name.")
        st.session_state[f"saved {name}"] = done
        st.session_state[f"revision {name}"] = done.revision + 1

    predicted = [
        Suggestion(**place(text, part), label=label, confidence=p) for part, label, p in PREDICTED.get(name, [])
    ]
    with st.container() if "lost" in st.session_state else nullcontext():  # at another place: it is made anew
        span_annotator(
            name, st.session_state.get(f"revision {name}", 0), text, tokenize(text), marks(name), labels, predicted,
            key="annotator", on_save=save,
        )  # fmt: skip
    done = st.session_state.get(f"saved {name}")
    if done:
        shown = [[text[mark.start : mark.end], mark.label, mark.id, mark.start, mark.end] for mark in done.marks]
        record = {"marks": shown, "tokens": [token.text for token in done.tokens], "revision": done.revision}
        st.code(json.dumps(record), language=None, wrap_lines=True)


def scene() -> str:
    """A made-up picture as a data URI: three shapes under a sky."""
    image = Image.new("RGB", (960, 720), "#bcd3e6")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 480, 960, 720), fill="#7d9b76")
    draw.ellipse((90, 250, 330, 560), fill="#8a5a44")
    draw.rectangle((420, 180, 640, 560), fill="#d8cfc0")
    draw.polygon([(400, 190), (530, 70), (660, 190)], fill="#a4473d")
    draw.ellipse((740, 60, 860, 180), fill="#f2d479")
    buffer = BytesIO()
    image.save(buffer, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


OBJECTS = (
    ImageObject("bear", (0.094, 0.347, 0.344, 0.778), 0.91),
    ImageObject("house", (0.417, 0.097, 0.688, 0.778), 0.85),
    ImageObject("sun", (0.771, 0.083, 0.896, 0.25), 0.6),
)
TEXT = "Bruno of the Green House waves at Ann Lee in the evening sun ☀️"
BOXES = [(col / 7, row / 7, (col + 1) / 7, (row + 1) / 7) for row in range(7) for col in range(7)]


def attention(*shape: int, peak: float = 3.0) -> np.ndarray:
    raw = np.exp(np.random.default_rng(len(shape)).normal(size=shape) * peak / 2)
    return (raw / raw.sum(-1, keepdims=True)).astype(np.float32)


def all_evidence() -> list[Evidence]:
    tokens = tokenize(TEXT)
    words = tuple({"text": token.text, "start": token.start, "end": token.end} for token in tokens)
    entities = (
        {"text": "Bruno", "label": "PER"}, {"text": "Green House", "label": "ORG"}, {"text": "Ann Lee", "label": "PER"},
    )  # fmt: skip
    regions = tuple({"box": list(box)} for box in BOXES)
    seen = tuple({"label": item.label, "box": list(item.box), "score": item.score} for item in OBJECTS)
    heads = tuple({"index": place} for place in range(6))
    layers = tuple({"index": place} for place in range(3))
    near = tuple({"post": f"p{place}", "score": 0.93 - 0.11 * place} for place in range(5))
    known = tuple(
        {"text": text} for text in ("Bruno is a bear in a film", "A green house lets light in", "Ann is a name")
    )
    many = tuple({"name": name} for name in ("brown bear", "patio", "lakeside", "greenhouse", "barn"))

    def one(name: str, kind: str, axes: tuple, items: tuple, values: np.ndarray, reduced: str = "") -> Evidence:
        return Evidence(name=name, kind=kind, axes=axes, items=items, values=values, reduced=reduced)

    n, e = len(words), len(entities)
    gate = np.random.default_rng(1).uniform(size=n).astype(np.float32)
    return [
        one("entities on objects", "attention", ("entity", "object"), (entities, seen), attention(e, 3),
            "mean over words"),
        one("words on regions", "attention", ("layer", "head", "word", "region"), (layers, heads, words, regions),
            attention(3, 6, n, 49)),
        one("text gate", "gate", ("word",), (words,), gate, "mean over the vector"),
        one("similar posts", "attention", ("word", "neighbour"), (words, near), attention(n, 5)),
        one("attributes", "score", ("word", "attribute"), (words, many), attention(n, 5) - 0.2),
        one("knowledge", "attention", ("iteration", "entity", "knowledge"), (layers, entities, known),
            attention(3, e, 3)),
        one("words on words", "attention", ("head", "word", "word"), (heads, words, words), attention(6, n, n)),
        one("image relevance", "gate", (), (), np.asarray(0.37, np.float32)),
        one("spatial relations", "score", ("knowledge",), (known,), np.asarray([0.2, 0.9, 0.5], np.float32)),
        one("regions on words", "attention", ("region", "word"), (regions, words), attention(49, n)),
    ]  # fmt: skip


def evidence() -> None:
    picture = None if "bare" in st.query_params else scene()
    written = ["A bear waves", "<b>Sun</b> over a house", "Evening at the lake " * 9, "Ann", "☀️"]
    posts = {f"p{n}": NeighbourPost(text=text, picture=picture if n % 2 else None) for n, text in enumerate(written)}
    evidence_view(
        [] if "none" in st.query_params else all_evidence(), picture=picture, objects=OBJECTS, neighbours=posts,
        labels=("PER", "LOC", "ORG", "MISC"), counterfactual=("See what changes without the picture.", "#without"),
        key="evidence",
    )  # fmt: skip


def explained() -> dict[str, object]:
    """The attributions of "Bruno": of words, regions and objects, some of which count against it."""
    words = [{"start": it.start, "end": it.end, "text": it.text, "score": 0.1} for it in tokenize(TEXT)]
    words[0]["score"], words[1]["score"] = 4.0, -1.25
    regions = [0.0] * 49
    regions[8], regions[9] = 0.5, -0.3
    objects = [
        {"label": it.label, "box": list(it.box), "score": n} for it, n in zip(OBJECTS, (1.0, -0.75, 0.0), strict=True)
    ]
    looked = {"regions": None, "objects": [0.25, 0.5, 0.25], "rank_correlation": -0.5}
    entity = {"start": 0, "end": 5, "text": "Bruno", "label": "PER", "log_probability": -0.1}
    return {"entity": entity, "words": words, "regions": regions, "objects": objects, "attention": looked}


def attributions() -> None:
    has_none = "bare" in st.query_params
    attribution_view(
        explained(), picture=None if has_none else scene(), alt="A bear, a house and the sun",
        missing="This post has no picture." if has_none else "", key="attributions",
    )  # fmt: skip


def texts() -> None:
    def post(name: str) -> MarkedText:
        text = POSTS[name][0]
        gold = [Mark(**place(text, part), label=label) for part, label in GOLD.get(name, [])]
        found = [
            Suggestion(**place(text, part), label=label, confidence=p) for part, label, p in PREDICTED.get(name, [])
        ]
        if name == "match":
            gold.append(Mark(**place(text, "Kevin Durant"), label="PER"))
        return MarkedText(id=name, text=text, gold=gold, predicted=found, note=f"valid, post {name}")

    labels = ["PER", "LOC", "ORG", "MISC", *CP]
    opened = span_text([post(name) for name in POSTS], labels, key="texts", lines=3, open_label="Open")
    st.caption(f"opened {opened}")
    span_text(post("match"), labels, key="single")


def everything() -> None:
    st.title("Posts and what was marked")
    columns = st.columns(3)
    columns[0].metric("F1, valid", "74.2", help="entities, strict")
    columns[1].metric("Posts", "1,204")
    columns[2].selectbox("Run", ["text and picture, third run"])
    st.button("Start training", type="primary")
    st.dataframe({"type": ["PER", "LOC"], "F1": [81.0, 77.5]}, width="content")
    annotate()
    evidence()


st.set_page_config(page_title="Components", page_icon="🔎", layout="wide")
with st.sidebar:
    st.markdown("**Components**")
    st.caption("made-up posts")
{"annotator": annotate, "evidence": evidence, "attributions": attributions, "texts": texts, "all": everything}[
    st.query_params.get("show", "annotator")
]()
