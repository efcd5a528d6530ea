"""Which characters of a text cannot be seen, and how they are written instead.

Letters of all scripts and every emoji are text, with the joiners that they need. What hides, reorders or controls is
written as `\\u{…}`. Sources: Unicode's Default_Ignorable_Code_Point and Prepended_Concatenation_Mark; UTS #51, "Emoji";
RFC 5892, appendix A (where a joiner changes what is seen, and so may stand).
"""

import functools
import re
import unicodedata

_PLAIN = re.compile(r"(?:[\n\t\x20-\x7e]|\r\n)*")
"""What nearly every text is: nothing in it can be hidden."""

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})

# Drawn as nothing although their category says letter, mark or symbol.
_HIDDEN_RANGES = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFFC, 0xFFFC),
    (0x16FE4, 0x16FE4),
    (0x1D159, 0x1D159),
    (0xE0100, 0xE01EF),
)

# Seen although their category says format, space or unassigned: signs that stand around Arabic numbers, and what
# Unicode keeps for emoji and for Chinese characters newer than this Python.
_SEEN_RANGES = (
    (0x20, 0x20),
    (0x0600, 0x0605),
    (0x06DD, 0x06DD),
    (0x070F, 0x070F),
    (0x0890, 0x0891),
    (0x08E2, 0x08E2),
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
)
_NEW_EMOJI = ((0x1F000, 0x1FAFF), (0x1FC00, 0x1FFFD))
_NEW_IDEOGRAPHS = ((0x20000, 0x2FFFD), (0x30000, 0x3FFFD))

_JOINER, _NON_JOINER = "\u200d", "\u200c"
_TEXT_STYLE, _EMOJI_STYLE = "\ufe0e", "\ufe0f"
_KEYCAP = "\u20e3"
_OGHAM_SPACE = "\u1680"
_KEYS = frozenset("0123456789#*")
_ALSO_EMOJI = frozenset("‼⁉ℹ↔↕◻◼◽◾⤴⤵〰〽")  # emoji whose category is not "other symbol"

# What a selector changes, or what keyboards put one behind. Behind others it is nothing that could be seen (Unicode's
# emoji-variation-sequences.txt; new emoji have none).
_STYLED_RANGES = (
    *((0xA9, 0xA9), (0xAE, 0xAE), (0x203C, 0x203C), (0x2049, 0x2049), (0x2122, 0x2122), (0x2139, 0x2139)),
    *((0x2194, 0x2199), (0x21A9, 0x21AA), (0x2300, 0x23FF), (0x24C2, 0x24C2), (0x25AA, 0x25AB), (0x25B6, 0x25B6)),
    *((0x25C0, 0x25C0), (0x25FB, 0x25FE), (0x2600, 0x27BF), (0x2934, 0x2935), (0x2B05, 0x2B55), (0x3030, 0x3030)),
    *((0x303D, 0x303D), (0x3297, 0x3297), (0x3299, 0x3299), (0x1F004, 0x1F004), (0x1F170, 0x1F171)),
    *((0x1F17E, 0x1F17F), (0x1F202, 0x1F202), (0x1F21A, 0x1F21A), (0x1F22F, 0x1F22F), (0x1F237, 0x1F237)),
    *((0x1F321, 0x1F321), (0x1F324, 0x1F32C), (0x1F336, 0x1F336), (0x1F37D, 0x1F37D), (0x1F396, 0x1F397)),
    *((0x1F399, 0x1F39B), (0x1F39E, 0x1F39F), (0x1F3CB, 0x1F3CE), (0x1F3D4, 0x1F3DF), (0x1F3F3, 0x1F3F3)),
    *((0x1F3F5, 0x1F3F5), (0x1F3F7, 0x1F3F7), (0x1F43F, 0x1F43F), (0x1F441, 0x1F441), (0x1F4FD, 0x1F4FD)),
    *((0x1F549, 0x1F54A), (0x1F56F, 0x1F570), (0x1F573, 0x1F579), (0x1F587, 0x1F587), (0x1F58A, 0x1F58D)),
    *((0x1F590, 0x1F590), (0x1F5A5, 0x1F5A5), (0x1F5A8, 0x1F5A8), (0x1F5B1, 0x1F5B2), (0x1F5BC, 0x1F5BC)),
    *((0x1F5C2, 0x1F5C4), (0x1F5D1, 0x1F5D3), (0x1F5DC, 0x1F5DE), (0x1F5E1, 0x1F5E1), (0x1F5E3, 0x1F5E3)),
    *((0x1F5E8, 0x1F5E8), (0x1F5EF, 0x1F5EF), (0x1F5F3, 0x1F5F3), (0x1F5FA, 0x1F5FA), (0x1F6CB, 0x1F6CB)),
    *((0x1F6CD, 0x1F6CF), (0x1F6E0, 0x1F6E5), (0x1F6E9, 0x1F6E9), (0x1F6F0, 0x1F6F0), (0x1F6F3, 0x1F6F3)),
)
_SKIN_TONES = range(0x1F3FB, 0x1F400)

_FLAGS = frozenset(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
"""Those that are drawn. Any other black flag looks like a bare one, whatever its tags say."""
_FLAG_LENGTH = 7

_JOINING_SCRIPTS = frozenset(
    {
        *("ADLAM", "ARABIC", "CHORASMIAN", "HANIFI", "MANDAIC", "MANICHAEAN"),
        *("MONGOLIAN", "NKO", "PHAGS-PA", "PSALTER", "SOGDIAN", "SYRIAC"),
    }
)
# After these letters nothing is joined, so a joiner there changes nothing that is seen.
_NEVER_JOINED_ON = frozenset("ءآأؤإاةدذرزوٱٲٳٵٶٷڈډڊڋڌڍڎڏڐڑڒړڔڕږڗژڙۀۃۄۅۆۇۈۉۊۋۍۏےۓەۮۯ")

_MOST_MARKS = 5
"""Marks on one letter; more of them are drawn across the lines around it."""


def visible(text: str) -> tuple[str, bool]:
    """`text` with every invisible, bidi and control character written as `\\u{…}`, and whether there was one.

    Line ends (LF, CRLF), tab, and joiners and selectors that change what is seen stay. A `\\u{` that stands in the text
    itself is shown as `\\u{5c}u{`, so that two different texts never look the same.
    """
    if _PLAIN.fullmatch(text) and "\\u{" not in text:
        return text, False
    pieces: list[str] = []
    found = False
    marks = 0
    for index, character in enumerate(text):
        marks = marks + 1 if _is_mark(character) else 0
        if marks > _MOST_MARKS or (_is_suspect(character) and not _is_text(text, index)):
            pieces.append(escaped(character))
            found = True
        elif character == "\\" and text.startswith("u{", index + 1):
            pieces.append(escaped(character))
        else:
            pieces.append(character)
    return "".join(pieces), found


def is_usual(text: str) -> bool:
    """Whether its letters are composed as is usual (Unicode's NFC). Composed otherwise they look the same: é, e and an
    accent.
    """
    return text.isascii() or unicodedata.is_normalized("NFC", text)


def escaped(character: str) -> str:
    """One character as its code point."""
    return f"\\u{{{ord(character):x}}}"


@functools.lru_cache(maxsize=4096)
def _is_suspect(character: str) -> bool:
    """Whether a character cannot be seen, unless its neighbours need it."""
    code = ord(character)
    if _within(code, _HIDDEN_RANGES):
        return True
    category = unicodedata.category(character)
    if category not in _HIDDEN_CATEGORIES or _within(code, _SEEN_RANGES):
        return False
    return not (category == "Cn" and _within(code, (*_NEW_EMOJI, *_NEW_IDEOGRAPHS)))


@functools.lru_cache(maxsize=4096)
def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _is_text(text: str, index: int) -> bool:
    """Whether the neighbours of a suspect make it text."""
    character = text[index]
    before, after = text[max(0, index - 8) : index], text[index + 1 : index + 2]
    if character in "\n\t\r":
        return character != "\r" or after == "\n"
    if character in (_TEXT_STYLE, _EMOJI_STYLE):
        if before[-1:] in _KEYS and before:
            return after == _KEYCAP
        changes = character == _TEXT_STYLE or (before != "" and _within(ord(before[-1]), _STYLED_RANGES))
        return changes and _is_emoji(before[-1:])
    if character in (_JOINER, _NON_JOINER):
        return _joins(character, before, after)
    if character == _OGHAM_SPACE:  # a line between letters of Ogham; elsewhere most fonts draw a blank
        return all(unicodedata.name(each, "").startswith("OGHAM") for each in (before[-1:], after) if each)
    if "\u180b" <= character <= "\u180f":  # Mongolian letters have forms, which these select
        return _script(before[-1:]) == "MONGOLIAN"
    if not "\U000e0020" <= character <= "\U000e007f":
        return False
    return any(text[max(0, index - n) : index - n + _FLAG_LENGTH] in _FLAGS for n in range(1, _FLAG_LENGTH))


def _joins(joiner: str, before: str, after: str) -> bool:
    """Whether a joiner changes how its neighbours are drawn."""
    if before and unicodedata.combining(before[-1]) == _VIRAMA:
        return True
    if joiner == _JOINER and (_is_emoji(_without_style(before)[-1:]) and _is_emoji(after)):
        return True
    if joiner == _JOINER and after and unicodedata.combining(after) == _VIRAMA:
        return before[-1:].isalpha()
    letter = before.rstrip("".join(filter(_is_mark, before)))[-1:]
    here = _script(letter) if letter not in _NEVER_JOINED_ON else None
    if joiner == _NON_JOINER:
        return here is not None and here == _script(after)
    return (here is None) != (_script(after) is None)


_VIRAMA = 9  # the combining class of what takes a letter's vowel away


def _without_style(before: str) -> str:
    bare = before.rstrip(_EMOJI_STYLE)
    return bare[:-1] if bare and ord(bare[-1]) in _SKIN_TONES else bare


def _script(letter: str) -> str | None:
    """The script of a letter that is joined to its neighbours; None for any other character."""
    if not letter or not unicodedata.category(letter).startswith("L"):
        return None
    script = unicodedata.name(letter, "").partition(" ")[0]
    return script if script in _JOINING_SCRIPTS else None


def _is_emoji(character: str) -> bool:
    if not character or _within(ord(character), _HIDDEN_RANGES):
        return False
    if character in _ALSO_EMOJI or character in "©®":
        return True
    category = unicodedata.category(character)
    return ord(character) > 0x2100 and (category == "So" or (category == "Cn" and _within(ord(character), _NEW_EMOJI)))
