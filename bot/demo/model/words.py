"""Words: cutting text into them, bringing them to one form, and the few lists of everyday English the rules need."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+|\d+")
SHORTEST_STEMMED = 4


def stem(word: str) -> str:
    """A word's comparable form: lower case, without hyphens, plural and verb endings."""
    word = re.sub(r"['’]s$", "", word.lower())
    word = re.sub(r"['’-]", "", word)
    if word.endswith("ies") and len(word) > SHORTEST_STEMMED:
        word = word[:-3] + "y"
    elif word.endswith("ing") and len(word) > SHORTEST_STEMMED + 1:
        word = word[:-3]
    elif word.endswith(("ed", "ses", "xes", "zes", "hes")) and len(word) > SHORTEST_STEMMED:
        word = word[:-2]
    elif word.endswith("s") and len(word) >= SHORTEST_STEMMED and word[-2] not in "sui":
        word = word[:-1]
    if len(word) > SHORTEST_STEMMED and word.endswith("e"):
        word = word[:-1]
    if len(word) > SHORTEST_STEMMED and word[-1] == word[-2]:
        word = word[:-1]
    return word


def stems(words: str) -> frozenset[str]:
    """The comparable forms of a list of words separated by spaces."""
    return frozenset(stem(word) for word in words.split())


POLITE = stems(
    "please thanks thank thx hello hi hey dear ok okay sure yes great good morning afternoon evening kindly sorry"
    " cheers bye"
)
STOP = POLITE | stems(
    "a an the this that these those it its i me my we us our you your he him his she her hers they them their"
    " there here "
    "is are was were be been am do does did done have has had can could will would shall should may might must "
    "and or but so if then also too just now as at by for from in into of on onto to up with about again "
    "because since due after before until while during per today tomorrow yesterday "
    "what which who whom when where why how want wants need needs like lets let go going way any some all"
)
GENERIC = stems("id ids identifier number no num nr code key ref reference value the of")
"""Parts of parameter names that say what kind of value it is, not whose."""

SYNONYMS = tuple(
    map(
        stems,
        (
            "find get look lookup search show list read check fetch see view where status query display",
            "send mail email write tell message notify post",
            "delete remove drop erase",
            "create add make new open register",
            "change update edit set modify adjust",
            "book reserve schedule",
        ),
    )
)
LOOKUP_VERBS = stems("find get look lookup search show list read check fetch view query")


@dataclass(frozen=True)
class Word:
    """A word of a text and where it stands."""

    text: str
    stem: str
    start: int
    end: int


def words_in(text: str) -> list[Word]:
    """The words of a text, numbers left out."""
    return [Word(match[0], stem(match[0]), match.start(), match.end()) for match in WORD.finditer(text)]


def content_stems(text: str) -> list[str]:
    """The comparable forms of the words that mean something."""
    return [word.stem for word in words_in(text) if word.stem not in STOP]


def name_words(name: str) -> tuple[str, ...]:
    """The words of an identifier, lower case: `look_up-thing`, `lookUpThing` → look, up, thing."""
    return tuple(part.lower() for part in NAME_PART.findall(name))


def akin(word: str) -> frozenset[str]:
    """A stem with the stems that mean nearly the same."""
    return frozenset({word}).union(*(group for group in SYNONYMS if word in group))


def any_akin(words: Iterable[str]) -> frozenset[str]:
    """The union of `akin` over words."""
    return frozenset().union(*map(akin, words))
