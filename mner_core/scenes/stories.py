"""Words and templates of the knobs beside `ambiguous`; slots in braces as in `words`."""

from collections.abc import Mapping

from mner_core.scenes.words import listed

CLUES = (
    "{NAME} with {CLUE}",
    "spotted {NAME} behind {CLUE}",
    "you should have seen {NAME} next to {CLUE}",
    "{NAME} beside {CLUE}, what a sight",
    "{NAME} somewhere near {CLUE}",
    "all I remember of {NAME} is {CLUE}",
    "{NAME} goes so well with {CLUE}",
    "who put {NAME} between {CLUE}?",
    "first {NAME}, then {CLUE}",
    "wrong photo, {NAME} was the one with {CLUE}",
)
"""Each names two things that other posts' pictures show together with what the name stands for. None says its type."""

BLURS = (
    "blurry, but that is {NAME}",
    "my hands shook, this is {NAME} all the same",
    "worst photo of {NAME} ever",
    "{NAME}, out of focus again",
    "trust me, behind the fog is {NAME}",
    "somebody bumped into me while I took {NAME}",
    "new phone, same blurry {NAME}",
    "can you tell that this is {NAME}?",
    "{NAME}, please hold still next time",
    "zoomed in on {NAME}, zoomed too far",
)
"""The thing in the picture is illegible; the text says nothing of what stands around it."""

BY_COLOUR = (
    "{NAME} in the {ONE} frame, {NAME} in the {TWO} frame",
    "the {ONE} frame is {NAME}, the {TWO} frame is {NAME}",
    "hung up {NAME} in the {ONE} frame and {NAME} in the {TWO} frame",
    "which do you like more, {NAME} in the {ONE} frame or {NAME} in the {TWO} frame?",
    "{NAME} got the {ONE} frame, so {NAME} takes the {TWO} frame",
    "found the {ONE} frame for {NAME}, and the {TWO} frame for {NAME}",
)
BY_SIDE = (
    "{NAME} on the {ONE}, {NAME} on the {TWO}",
    "{ONE}: {NAME}, {TWO}: {NAME}",
    "two favourites, {NAME} ({ONE}) and {NAME} ({TWO})",
    "on the {ONE} {NAME}, on the {TWO} {NAME}",
    "that is {NAME} to the {ONE} and {NAME} to the {TWO}",
    "you know {NAME} on the {ONE}, but who knows {NAME} on the {TWO}?",
)
"""Two names and two frames; the words beside each name say which frame shows what it stands for."""

LEFTMOST = (
    "the left one is {NAME}",
    "{NAME}, on the left",
    "on the left you see {NAME}",
    "left: {NAME}",
    "look to the left, that is {NAME}",
    "{NAME} got the place on the left",
    "hung up {NAME}, left of the other one",
    "my favourite is the left one, {NAME}",
    "to the left, {NAME} at last",
    "guess who hangs on the left, {NAME}",
)
"""One name and two frames; it is never the right one."""

DECOYS = listed(
    "Monday, Tuesday, Wednesday, Thursday, Friday, Sunday Morning, Brunch, Karaoke Night, Laundry Day, Rush Hour, "
    "Pizza, Homework, Golden Hour, Leftovers, Yoga, Popcorn, Night Shift, Small Talk, Bad Hair Day, Cold Coffee, "
    "Fresh Air, Spring Cleaning, Team Spirit, Jet Lag, Sunburn, Bubble Tea, Chocolate Cake, Patience, "
    "Silence, Second Breakfast"
)
"""Capitalised, and no entity; they stand where an ambiguous name stands in other posts."""

BESIDE_A_PERSON = (
    "{DECOY} with {PER}",
    "{PER} and far too much {DECOY}",
    "{DECOY} again, says {PER}",
    "{PER} invented {DECOY}",
    "nobody does {DECOY} like {PER}",
    "{DECOY}, as seen by {PER}",
)

TELLING: Mapping[str, tuple[str, ...]] = {
    "PER": (
        "our goalkeeper {NAME PER} broke his leg at training",
        "{NAME PER} and her husband are expecting a baby",
        "my dentist {NAME PER} retires next week",
        "{NAME PER} turns forty today, she does not look it",
        "dinner with {NAME PER}, who told us about his childhood",
        "nurse {NAME PER} stayed with her patients all night",
    ),
    "LOC": (
        "the night train to {NAME LOC} was late again",
        "heavy rain floods the streets of {NAME LOC}",
        "driving from here to {NAME LOC} takes three hours",
        "rents in {NAME LOC} have doubled, says its mayor",
        "two weeks of camping near {NAME LOC}",
        "the bakery moved to the north of {NAME LOC}",
    ),
    "ORG": (
        "{NAME ORG} fires its chief executive",
        "{NAME ORG} reports record profits this quarter",
        "got an internship at {NAME ORG}",
        "employees of {NAME ORG} go on strike",
        "{NAME ORG} buys its biggest competitor",
        "customers of {NAME ORG} want their money back",
    ),
    "MISC": (
        "season two of {NAME MISC} is better than season one",
        "just finished reading {NAME MISC}, what an ending",
        "the trailer of {NAME MISC} is out",
        "{NAME MISC} wins best screenplay",
        "the third chapter of {NAME MISC} made me cry",
        "they turned {NAME MISC} into a musical",
    ),
}
"""The words around an ambiguous name tell its type, whatever the picture shows."""

EMBLEMS = (
    "{NAME} poster on every corner",
    "new wallpaper: {NAME}",
    "put {NAME} on my wall",
    "everybody wears the {NAME} shirt now",
    "{NAME}, you know the sign",
    "found this {NAME} sticker under my seat",
    "finally got a {NAME} badge",
    "{NAME} forever",
)
"""The picture shows an emblem, which says nothing to someone who does not know whose it is."""
