import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mner_core.data.tokenize import character_offsets, entity_at, split_tokens, tokenize
from mner_core.types import InputError, Span, Token

FAMILY = "👨‍👩‍👧‍👦"
PLAIN = ["@ann_b", "#Łódź", "https://t.co/a.b?c=d", "Trump's", "don’t", "U.S.", "3,000.50", "...", "a", "-", "'"]
SIGNS = [FAMILY, "👍🏽", "🇩🇪🇫🇷", "❤️‍🔥", "1️⃣", "e\u0301", "\u0301", "\ufe0f", "नमस्ते", "שלום", "مرحبا", "北京", "々"]
UNSEEN = ["\u200d", "\u200b", "\u200f", " ", "\u00a0", "\u2028", "\t", "\n"]
pieces = st.sampled_from([*PLAIN, *SIGNS, *UNSEEN])
texts = st.one_of(st.text(), st.lists(pieces, max_size=12).map("".join))


def words(text: str) -> list[str]:
    return [token.text for token in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        (" \t\u00a0", []),
        ("RT @JayKenMinaj_: Hi!", ["RT", "@JayKenMinaj_", ":", "Hi", "!"]),
        ("#throwback,#2017 C#", ["#throwback", ",", "#2017", "C", "#"]),
        ("see http://t.co/hNvq.", ["see", "http://t.co/hNvq", "."]),
        ("(https://a.org/x_(y)?z=1&b)", ["(", "https://a.org/x_(y)?z=1&b", ")"]),
        ("看https://t.cn/Ab1，好", ["看", "https://t.cn/Ab1", "，", "好"]),
        ("pic.twitter.com/aB3 t.co/x mail me@x.co.uk", ["pic.twitter.com/aB3", "t.co/x", "mail", "me@x.co.uk"]),
        ("Trump's wife isn't I'm O’Brien’s", ["Trump", "'s", "wife", "isn't", "I", "'m", "O’Brien", "’s"]),
        ("post-Katrina AT&T -- 7.30pm", ["post-Katrina", "AT&T", "--", "7.30pm"]),
        ("the U.S. won 3-1...", ["the", "U.S.", "won", "3-1", "..."]),
        ("home.The", ["home", ".", "The"]),
        (f"a{FAMILY}b 👍🏽👍🏽", ["a", FAMILY, "b", "👍🏽", "👍🏽"]),
        ("🇩🇪🇫🇷🇩", ["🇩🇪", "🇫🇷", "🇩"]),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿❤️‍🔥1️⃣☕", ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️‍🔥", "1️⃣", "☕"]),
        ("a1️⃣b", ["a", "1️⃣", "b"]),
        ("🙂‍↔️!", ["🙂‍↔️", "!"]),
        ("Ame\u0301lie नमस्ते", ["Ame\u0301lie", "नमस्ते"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("می‌خواهم مرحبا،", ["می‌خواهم", "مرحبا", "،"]),
        ("住在New York的李明", ["住", "在", "New", "York", "的", "李", "明"]),
        ("東京タワー 서울", ["東", "京", "タ", "ワ", "ー", "서울"]),
        ("iPhoneをﾊﾞｽで3台", ["iPhone", "を", "ﾊﾞ", "ｽ", "で", "3", "台"]),
        ("สมชายไปกรุงเทพฯ", ["ส", "ม", "ช", "า", "ย", "ไ", "ป", "ก", "รุ", "ง", "เ", "ท", "พ", "ฯ"]),
        ("น้ำ ๒๕๖๗", ["น้ำ", "๒๕๖๗"]),
        ("ວຽງຈັນ NATO", ["ວ", "ຽ", "ງ", "ຈັ", "ນ", "NATO"]),
        ("ភ្នំពេញ៕", ["ភ្នំ", "ពេ", "ញ", "៕"]),
        ("မန္တလေးမှာ", ["မ", "န္တ", "လေး", "မှာ"]),
        ("서울에서 #서울 @김_b", ["서울에서", "#서울", "@김_b"]),
        ("𠀀𠀁", ["𠀀", "𠀁"]),
        ("\u2068John\u2069", ["\u2068", "John", "\u2069"]),
    ],
)
def test_tokens(text: str, wanted: list[str]) -> None:
    assert words(text) == wanted


@given(texts)
@settings(max_examples=500)
def test_tokens_are_ordered_and_cover_all_but_spaces(text: str) -> None:
    tokens = tokenize(text)
    covered = ""
    end = 0
    for token in tokens:
        assert end <= token.start < token.end
        assert text[token.start : token.end] == token.text
        assert text[end : token.start] == "" or text[end : token.start].isspace()
        end = token.end
        covered += token.text
    assert covered == "".join(text.split())


@given(texts, st.data())
@settings(max_examples=300)
def test_any_range_goes_to_tokens_and_back(text: str, data: st.DataObject) -> None:
    tokens = tokenize(text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    pieces = split_tokens(tokens, start, end)
    assert "".join(piece.text for piece in pieces) == "".join(token.text for token in tokens)
    assert all(text[piece.start : piece.end] == piece.text for piece in pieces)
    if not text[start:end].strip():
        with pytest.raises(InputError, match="holds no word"):
            entity_at(pieces, start, end, "PER")
        return
    left, right = character_offsets(pieces, entity_at(pieces, start, end, "PER"))
    assert text[left:right] == text[start:end].strip()


def test_split_tokens_cuts_only_what_is_cut() -> None:
    tokens = tokenize("in post-Katrina times")
    assert [token.text for token in split_tokens(tokens, 8, 15)] == ["in", "post-", "Katrina", "times"]
    assert split_tokens(tokens, 3, 15) == tokens
    assert [token.text for token in split_tokens(tokens, 4, 6)] == ["in", "p", "os", "t-Katrina", "times"]


def test_a_range_inside_a_word_is_a_part_of_it() -> None:
    tokens = tokenize("in post-Katrina times")
    assert entity_at(tokens, 8, 15, "LOC") == Span(1, 2, "LOC", (8, 15))
    assert entity_at(tokens, 2, 16, "LOC") == Span(1, 2, "LOC")
    with pytest.raises(InputError, match="holds no word"):
        entity_at(tokens, 40, 50, "LOC")


def test_offsets_from_a_span_that_is_too_long() -> None:
    with pytest.raises(InputError, match="after the last of 1 words"):
        character_offsets((Token("a", 0, 1),), Span(0, 2, "LOC"))


@pytest.mark.parametrize(
    "unit",
    ["a", "a.", "a.b-", "@", "www.", "http://", "a@b.", "\u0301", "👨\u200d", "1.", "'", "x'", "-", "a/", "https://)"],
)
def test_twenty_thousand_hostile_characters(unit: str) -> None:
    text = unit * (20_000 // len(unit))  # a pattern that backtracks would not come back from this
    assert "".join(words(text)) == text
