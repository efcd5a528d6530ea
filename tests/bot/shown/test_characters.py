"""What cannot be seen is written out; letters of all scripts and every emoji are text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shown.characters import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay\u200b100", "pay\\u{200b}100"),
        ("\u202egnp.exe", "\\u{202e}gnp.exe"),
        ("a\x00b\x1b[2Jc\rd", "a\\u{0}b\\u{1b}[2Jc\\u{d}d"),
        ("\ud800", "\\u{d800}"),
        ("a\u2028b", "a\\u{2028}b"),
        ("a\u3164b\u2800c", "a\\u{3164}b\\u{2800}c"),
        ("A\U000e0041", "A\\u{e0041}"),
        ("1\ufe0f2", "1\\u{fe0f}2"),
        ("a\u200db", "a\\u{200d}b"),
        ("ab\u200c", "ab\\u{200c}"),
        ("soft\u00adhyphen", "soft\\u{ad}hyphen"),
        ("80\u00a0€", "80\\u{a0}€"),
        ("a\u200ab\u3000c", "a\\u{200a}b\\u{3000}c"),
        ("a\U0001d159b", "a\\u{1d159}b"),
        ("a\rb\r\n", "a\\u{d}b\r\n"),
        ("ما\u200cرا", "ما\\u{200c}را"),
        ("کتاب\u200c\u200cها", "کتاب\\u{200c}\\u{200c}ها"),
        ("👍\u200d", "👍\\u{200d}"),
        (
            "\U0001f3f4\U000e0075\U000e0073\U000e0074\U000e0078\U000e007f",
            "🏴" + "\\u{e0075}\\u{e0073}\\u{e0074}\\u{e0078}\\u{e007f}",
        ),
        ("a" + "\u0301" * 6, "a" + "\u0301" * 5 + "\\u{301}"),
        ("\u0378\ue000\ufdd0", "\\u{378}\\u{e000}\\u{fdd0}"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == (shown, True)


TEXTS = {
    "nothing": "",
    "ascii": "plain",
    "lines": "two\nlines\tand a tab",
    "lines of Windows": "two\r\nlines\r\n",
    "German": "Größe 80 €",
    "Japanese": "日本語",
    "Persian": "می\u200cخواهم کتاب\u200cها را",
    "an abbreviation in Persian": "سال ۱۴۰۳ ه\u200d.ش",
    "Arabic": "السَّلامُ عليكم ۝ ؀١٢",
    "Hebrew": "שָׁלוֹם",
    "Hindi": "नमस्ते क्\u200dष क्\u200cष",
    "Bengali": "র\u200d্যাব",
    "Malayalam": "അവന്\u200d വന്നു",
    "Sinhala": "ශ්\u200dරී",
    "Kannada": "ಸಾಫ್ಟ್\u200cವೇರ್",
    "Khmer": "ភាសាខ្មែរ",
    "Mongolian": "ᠮᠣᠩᠭᠣᠯ\u180eᠠ",
    "Thai": "ภาษาไทย",
    "Vietnamese, decomposed": "Tie\u0302\u0301ng Vie\u0323\u0302t",
    "Ogham": "᚛ᚄᚓᚐᚋ\u1680ᚄ᚜",
    "hieroglyphs and newer ideographs": "𓀀𛀀𠀀\U00031350",
    "families": "👩🏽\u200d💻 👨\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 ❤️\u200d🔥 🙂\u200d↔️ 🏃🏿\u200d♀️\u200d➡️",
    "styles": "❤️ ❤\ufe0e ‼️ ↔️ ©️ ☺ ⚡️ ⭐️ ⬛️ 🀄️ 🈚️ 🅰️ 🌡️ 🕵️\u200d♂️ 🛠️ 🏖️ ㊗️ ▶️ ⏱️ ✈️ 📧\ufe0e",
    "keycaps": "1️⃣ #\u20e3",
    "skin": "👍🏻👍🏿",
    "flags": "🇩🇪🇮🇷 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "emoji of this year and of others": "🩷🫨🪿🫩🛜🫪\U0001f6d8\U0001fac8",
}


@pytest.mark.parametrize("which", TEXTS)
def test_what_can_be_seen_stays(which: str) -> None:
    assert visible(TEXTS[which]) == (TEXTS[which], False)


def test_a_written_escape_is_not_taken_for_a_hidden_character() -> None:
    assert visible("\\u{202e}") == ("\\u{5c}u{202e}", False)


@given(st.text(alphabet=st.one_of(st.sampled_from("\\u{}20e\u202e\u200b"), st.characters())))
def test_two_texts_never_look_the_same(text: str) -> None:
    shown, found = visible(text)
    restored, rest = "", shown
    while rest:
        if rest.startswith("\\u{"):
            code, rest = rest[3:].split("}", 1)
            restored += chr(int(code, 16))
        else:
            restored, rest = restored + rest[0], rest[1:]
    assert restored == text
    assert found or shown == text.replace("\\u{", "\\u{5c}u{")
    assert visible(shown)[1] is False


def test_looking_at_a_text_takes_one_pass() -> None:
    for character in ("\u200b", "\u200d", "क", "\u0301", "\ufe0f", "\U000e0041", "\\u{", "\U0001f3f4"):
        shown, _ = visible(character * 50_000)
        assert len(shown) >= 50_000
