"""Names and templates of the posts. A slot in braces takes a name: {NAME} an ambiguous one, {PER} a person's."""


def listed(line: str) -> tuple[str, ...]:
    """The parts of a line with commas between them."""
    return tuple(line.split(", "))


NAMES = listed(
    "Jordan, Chelsea, Paris, Phoenix, Madison, Florence, Austin, Savannah, Lincoln, Georgia, Hudson, "
    "Brooklyn, Sydney, Adelaide, Dakota, Orlando, Victoria, Sierra, Camden, Aurora, Santos, Mercedes, "
    "Carolina, Montana, Eden, Trinity, Memphis, Odessa, Valencia, Kingston, Kestrel, Norvale, Ardenne, "
    "Halden, Tamsin Bay, Orrin, Velmora, Silver Lake, Black Sparrow, Solenne, Marlow, Quillan, Lady Marrow, "
    "Thornby, Estrella, Zephyr, Winterbourne, Ravenna, Calder, Juno, Osprey, Nova Linden, Perrin, Avalon, "
    "Indigo, Mirabel, Halcyon, Tallis, Rosewood, Delphine, San Corvo, Maren, Onyx, Lorelei, Ember Falls, "
    "Saint Alba, Vesper, Cassia"
)
"""Words that name a person, a place, an organisation or something else, and nothing in the word says which."""

AMBIGUOUS = (
    "{NAME} again today",
    "still thinking about {NAME}",
    "{NAME} looks incredible in this light",
    "can't get enough of {NAME}",
    "one picture, one word: {NAME}",
    "nothing beats {NAME}",
    "guess who is back with more {NAME}",
    "finally saw {NAME} up close!",
    "so this is {NAME}",
    "{NAME} never disappoints",
    "We Need To Talk About {NAME}",
    "throwback to {NAME}",
    "somebody explain {NAME} to me",
    "five years later and I still love {NAME}",
    "my favourite shot of {NAME} so far",
    "everyone is posting {NAME}, so here is mine",
    "is it just me or is {NAME} everywhere lately?",
    "{NAME} > everything else",
    "not a day goes by without {NAME}",
    "okay {NAME}, you win",
    "told you {NAME} was worth the wait",
    "{NAME} makes me so happy",
    "who else misses {NAME}?",
    "say hello to {NAME}",
    "Big Mood: {NAME}",
    "I could look at {NAME} for hours",
    "today's camera roll is 90% {NAME}",
    "{NAME}. That's it. That's the post.",
    "hands up if you know {NAME}",
    "the first thing I saw this morning: {NAME}",
    "proud to show you {NAME} at last",
    "my whole feed is {NAME} and I don't mind",
    "I drew {NAME} for you all",
    "Happy Monday from me and {NAME}",
    "RIP my phone storage, far too much {NAME}",
    "nobody talks about {NAME} any more",
    "{NAME} deserves better",
    "{PER} sent me this picture of {NAME}",
    "{PER} was so right about {NAME}",
    "showed {NAME} to {PER} and got a smile",
    "saw {NAME} on the way to {LOC}",
)
"""Each reads equally well whatever the name stands for."""

PLAIN = (
    "happy birthday {PER}, best singer alive",
    "{PER} scores twice in the second half!",
    "a long interview with {PER} about her new role",
    "my cousin {PER} graduates today",
    "{PER} sang for three hours straight",
    "so proud of our coach {PER}",
    "met {PER} at the airport, such a kind man",
    "our goalkeeper {NAME PER} is out for six weeks",
    "Dr. {PER} explains it better than any book",
    "the train to {LOC} leaves at six",
    "sunset over {LOC}",
    "we are moving to {LOC} next month",
    "lost in the old streets of {LOC}",
    "the weather in {LOC} is unreal",
    "hiking near {LOC} all weekend",
    "two nights in {NAME LOC}, then back home",
    "flights to {LOC} are half price",
    "{ORG} opens a second office",
    "just got hired by {ORG}!",
    "shares of {ORG} fall again",
    "the new {ORG} store is open",
    "customer service at {ORG} is a joke",
    "{ORG} lays off half of its staff",
    "the board of {NAME ORG} met this morning",
    "watching {MISC} for the third time",
    "{MISC} is my favourite album this year",
    "stayed up all night with {MISC}",
    "tickets for {MISC} are gone",
    "the soundtrack of {NAME MISC} is out on vinyl",
)
"""The words around the name tell its type. {NAME PER} is an ambiguous name in a place that only a person can take."""

SEVERAL = (
    "{PER} leaves {ORG} for good",
    "{PER} plays in {LOC} tonight",
    "{PER} and {PER} spotted in {LOC}",
    "{ORG} brings {MISC} to {LOC}",
    "{PER} wins a prize for {MISC}",
    "from {LOC} to {LOC} by bike",
    "{ORG} sues {ORG} over {MISC}",
    "Breaking: {PER} joins {ORG} in {LOC}",
    "{PER} on {MISC}, her years at {ORG} and life in {LOC}",
    "{ORG} hires {PER} and {PER}",
)

NONE = (
    "Good Morning everyone, coffee first",
    "BREAKING: I have slept eight hours",
    "Best Day Ever",
    "why is Monday so long",
    "New Year, New Me, Same Shoes",
    "OMG the dog ate my homework",
    "This Is Fine",
    "somebody left the window open again",
    "rain, rain and more rain",
    "Note To Self: never skip breakfast",
    "third cup of tea and still tired",
    "The Struggle Is Real",
    "new lamp, who dis",
    "Keep Calm And Carry On",
    "who ate the last slice?",
    "Not Today, Not Tomorrow",
    "forgot my keys again",
    "ten more minutes, then I get up",
    "Lost: one glove. Found: three left socks",
    "nothing on telly tonight",
    "Please Send Snacks",
    "this queue does not move",
    "finally dry socks",
    "my neighbour sings in the shower",
    "No Plans, No Problems",
    "what a week, and it is only halfway",
)
"""No entity, many capitals."""

FIRST = listed(
    "Nina, Omar, Lucía, Piotr, Amara, Kenji, Elif, Mateo, Greta, Samir, Ivy, Tomás, Priya, Lars, Zoë, Desmond"
)
LAST = listed(
    "Alvarez, Okafor, Lindqvist, Tanaka, Moreau, Haddad, O'Neill, Kowalski, Brandt, Iyer, Castellano, "
    "Nakamura, Beaumont"
)
TOWNS = listed(
    "Lisbon, Nairobi, Kyoto, Tromsø, Buenos Aires, Port Ellery, Lake Aurel, Mount Harrow, Old Wexham, "
    "São Paulo, Marrakesh, Queen Street, Cape Loren, New Brightford, Ljubljana, Isle of Corran"
)
FIRMS = listed("Brightwave, Norland, Vela, Harbourline, Pinecrest, Oakmont, Lumio, Greyfield, Tessera, Coastal")
BRANCHES = listed("Labs, Bank, Motors, Airlines, Records, University, Foods, Studios, Institute")
WORKS = listed(
    "World Cup, The Long Winter, Nova Awards, Star Harbour 3, Midnight Orchard, Paper Lanterns, "
    "Winter Games, Tiny Kingdoms, Ballad of the Tin Fox, Gravity Garden, Cloud Atlas Live, Iron Regatta"
)

OPENINGS = ("", "", "", "", "", "OMG ", "RT @{user}: ", "@{user} ", "😂 ", "Update: ")
CLOSINGS = (
    "",
    "",
    "",
    " {emoji}",
    " {emoji}{emoji}",
    " {tag}",
    " {tag} {tag}",
    " {url}",
    " via @{user}",
    " {emoji} {url}",
)
USERS = listed("lena_k, tom_w77, dailyframes, its_mo, pixelpost, hana_writes, two_left_feet, rainymondays")
TAGS = listed("#nofilter, #throwback, #NowPlaying, #FridayFeeling, #TBT, #mood, #WeekendVibes, #photooftheday")
EMOJI = listed("😍, 🔥, 🙌, 😭, ❤️, 👀, 💯, 🤷🏽‍♀️, 👩‍🎤, ✨")
