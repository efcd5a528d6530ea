"""A person's words in the desk's own: typing errors mended, German put in English, numbers in digits."""

import difflib
import functools
import re
from collections.abc import Callable

from bot.demo.model.filling import QUOTED, words

MEANT = {
    "refund": "refunding reimburse erstatte erstatten rückerstatten erstattung",
    "forget": "vergiss",
    "no": "nein",
    "cancel": "cancelling storniere stornieren storno",
    "email": "e-mail mail write message notify inform schreib schreibe",
    "give": "transfer gib gebe zahl zahle überweise schick schicke",
    "make": "mach mache",
    "order": "bestellung auftrag",
    "orders": "bestellungen",
    "euro": "€ euros eur",
    "show": "list zeig zeige finde suche",
    "and": "und",
    "open": "pending offen offene",
    "all": "every alle alles",
    "half": "hälfte",
    "instead": "daraus lieber stattdessen",
    "please": "bitte pls plz",
    "back": "zurück",
    "him": "ihm ihr",
    "me": "mir mich uns",
    "who": "wer",
    "which": "welche",
    "shipped": "versandt verschickt versendet",
    "bought": "gekauft",
    "because": "weil",
    "fully": "entire completely komplett vollständig ganz",
    "paid": "bezahlt",
    "where": "wo",
    "tell": "sag sage",
    "only": "nur",
}
MEANING = {word: meant for meant, said in MEANT.items() for word in said.split()}
VOCABULARY = words("customer parcel everything ordered shipped delivered cancelled refunded arrived") | MEANT.keys()
SMALL = words(
    "a an the of for on to from in with at and or so can could would should you i me my we us i'd i'm want like"
    " need just now also ok okay yes then actually do is are hello hi hey thanks thank pay send return money her"
    " he she they them it its his each only tell find that what where when how did does was has have been be buy"
    " much many about who's what's more anything let know left paid yet status address rest remaining full fully"
    " whole amount buyer total get gets sorry oops another der die das den dem von für ich du kannst könntest"
    " kunden möchte ist hat but thing balance wants wanted our not never don't dont nicht without let's say"
    " alright name es still better reach contact look up sie"
)
FILLER = SMALL | MEANT.keys() | VOCABULARY
"""Words of a request; what is none of them is a name, or part of a reason."""
CORRECT = sorted(FILLER | MEANING.keys())
LEFT_ALONE = words("late later than there these those were older form undo scratch drop leave stop call called calls")

ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
TENS = "ten twenty thirty forty fifty sixty seventy eighty ninety"
GERMAN_ONES = "null ein zwei drei vier fünf sechs sieben acht neun"
GERMAN_TENS = "zehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"
NUMBERS = {word: number for number, word in enumerate(f"{ONES} seventeen eighteen nineteen".split())}
NUMBERS |= {word: number for number, word in enumerate(GERMAN_ONES.split()) if number > 1}
for each in (TENS, GERMAN_TENS):
    NUMBERS |= {word: 10 * number for number, word in enumerate(each.split(), 1)}
NUMBERS |= {
    f"{one}und{ten}": NUMBERS[ten] + number
    for ten in GERMAN_TENS.split()[1:]
    for number, one in enumerate(GERMAN_ONES.split())
    if number
}
ANY_NUMBER = "|".join(sorted((*NUMBERS, "hundred"), key=len, reverse=True))
IN_WORDS = re.compile(rf"\b(?:{ANY_NUMBER})(?:(?:[\s-]+|\s+and\s+)(?:{ANY_NUMBER}))*\b(?=(\s+euro|\s+cent)?)")

NOT = r"(?:not|never|without|nicht|keine?|dont|\w+n't)"
NOT_THIS = re.compile(rf",?\s*\b(?:{NOT}|instead of) \d[\d.,]*(?: euro)?(?:,? but)?(?![\w.])")
"""An amount that is not meant: "60, not 80"."""


def mended(text: str) -> str:
    """The text in small letters and the desk's words, numbers in digits; without what is quoted."""
    return _traced(text)[0].strip()


def as_written(text: str, said: str) -> str:
    """Free words of a mended sentence, as they were `said` before: they are the person's, errors and all."""
    whole, places = _traced(said)
    parts = [text] if text in whole else text.split(", ")
    written = [_behind(part, whole, places, said) for part in parts]
    return ", ".join(written)


def _behind(part: str, whole: str, places: list[int], said: str) -> str:
    found = re.search(rf"(?<!\w){re.escape(part)}(?!\w)", whole)
    return said[places[found.start()] : places[found.end()]].strip(" .,;:|") if part and found else part


def _traced(text: str) -> tuple[str, list[int]]:
    """The mended text, and where in the text each of its characters was, and its end."""
    places = [*range(len(text) + 1)]
    for pattern, put in _MENDING:
        pieces: list[str] = []
        kept: list[int] = []
        end = 0
        for match in pattern.finditer(text):
            made = put(match)
            pieces += [text[end : match.start()], made]
            kept += [*places[end : match.start()], *[places[match.start()]] * len(made)]
            end = match.end()
        text, places = "".join([*pieces, text[end:]]), [*kept, *places[end:]]
    return text, places


@functools.lru_cache(4096)
def mend(word: str) -> str:
    """A word, or the one that it seems to be meant for: of the same letters, or with most of them."""
    if word not in CORRECT and word not in LEFT_ALONE and word not in NUMBERS:
        word = word.removesuffix("'s")
        near = [each for each in CORRECT if each[0] == word[0]]
        same = [each for each in near if sorted(each) == sorted(word)]
        close = difflib.get_close_matches(word, [each for each in near if each not in SMALL], 1, 0.8)
        word = next(iter(same + (close if len(word) > 3 and word.isalpha() else [])), word)
    return MEANING.get(word, word)


def in_digits(match: re.Match[str]) -> str:
    """A number in words; a small one that counts no money may be a pronoun, and stays."""
    value = 0
    for word in re.findall(rf"\b(?:{ANY_NUMBER})\b", match[0]):
        value = max(value, 1) * 100 if word == "hundred" else value + NUMBERS[word]
    return str(value) if value > 9 or match[1] else match[0]


_MENDING: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (QUOTED, lambda _: ""),
    (re.compile(r"<@\w+>"), lambda _: ""),
    (re.compile("’"), lambda _: "'"),
    (re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|€"), lambda word: mend(word[0].lower())),
    (re.compile("€"), lambda _: " euro "),
    (IN_WORDS, in_digits),
    (NOT_THIS, lambda _: " instead"),
)
