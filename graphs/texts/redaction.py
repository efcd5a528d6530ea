"""Secrets taken out of texts that go to people, to the model, to the record or to the log: as they are, and encoded.

What is known to be secret is found in whatever form a library writes it: quoted, escaped, percent-encoded, in base64 or
in hex. What only looks like a secret (a token of Slack's, a key, a password in an address) is found by its form.
"""

from __future__ import annotations

import base64
import html
import json
import re
import traceback
import unicodedata
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"

SHORT = 4
"""Shorter secrets are taken out only where they stand as a word: three letters are part of many."""

_FORMS = re.compile(
    r"(?P<token>\b(?:xox[a-z](?:\.xox[a-z])?-|xapp-|sk-|sk_|gsk_|xai-|gh[a-z]_|github_pat_|glpat-|hf_|nvapi-|pplx-|r8_)"
    r"[A-Za-z0-9_*…%-]{6,}|\bAIza[A-Za-z0-9_-]{20,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){1,4}|(?<=hooks\.slack\.com/)[a-z]+/[A-Za-z0-9/_-]+)"
    r"|(?P<user>(?<=://)[^/?#\s\"'<>]+(?=@))"
    r"|(?P<header>(?i:(?:\b|-)(?:authorization|api-?key|auth-token|cookie)[\"']?\s*[:=]\s*[\"']?"
    r"(?:(?:bearer|basic|token)\s+)?+)[^\s\"',;]{6,})"
    r"|(?P<bearer>(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{16,})"
    r"|(?P<parameter>(?i:[?&;#](?:[a-z_.-]*token|[a-z_.-]*key|[a-z_.-]*secret|password|passwd|pwd|ticket|sig|signature|code)"
    r"=)[^&#\s\"'<>]+)"
)

SHORTEST_KEY = 8

LONGEST_ERROR = 100_000
"""Characters of an error that are looked at."""

LINE = 12
"""As long is a line of a secret that is a secret by itself, as in a private key."""


class Redaction:
    """Takes these secrets out of texts. Those that are empty are none."""

    def __init__(self, secrets: Iterable[str | bytes] = (), masked: Iterable[str] = ()) -> None:
        """`masked` are keys that others write with stars in the middle: what they leave of it is taken out, too."""
        forms = {form for secret in secrets for form in _written(secret)}
        patterns = [_as_pattern(form) for form in sorted(forms, key=len, reverse=True)]
        patterns += [_half_masked(key) for key in masked]
        self._pattern = re.compile(f"(?=({'|'.join(patterns)}))", re.IGNORECASE) if patterns else None

    @property
    def has_secrets(self) -> bool:
        return self._pattern is not None

    def __call__(self, text: str) -> str:
        """The text with `HIDDEN` in the place of each of them."""
        if self._pattern is None:
            return text
        # Looked for at each place, since the end of one may be the beginning of another.
        kept: list[str] = []
        end = -1
        for found in self._pattern.finditer(text):
            if found.start() > end:
                kept += [text[max(end, 0) : found.start()], HIDDEN]
            end = max(end, found.end(1))
        return "".join([*kept, text[max(end, 0) :]])


NO_SECRETS = Redaction()


_in_use: ContextVar[Redaction] = ContextVar("_in_use", default=NO_SECRETS)


@contextmanager
def in_use(redact: Redaction) -> Generator[None]:
    """While the block runs, what it and all that it begins write into the log is without these secrets."""
    token = _in_use.set(redact)
    try:
        yield
    finally:
        _in_use.reset(token)


def without_secrets_in_use(text: str) -> str:
    """The text without the secrets that whoever writes it was handed: for the log."""
    return _in_use.get()(text)


def keys_among(values: Iterable[str]) -> list[str]:
    """Those that are keys: what is shorter stands where a server needs none, and is a word like `demo` or `ollama`."""
    return [value for value in values if len(value) >= SHORTEST_KEY]


class Redacted(Exception):
    """An error that repeated a secret, in the words that are left of it."""


def redacted(error: BaseException, redact: Redaction) -> BaseException:
    """The error for the log: itself when nothing of it repeats a secret, else one that says the rest of it."""
    if not redact.has_secrets:
        return error
    whole = "".join(traceback.format_exception(error))
    if len(whole) <= LONGEST_ERROR and redact(whole) == whole:
        return error
    said = redact(f"{type(error).__name__}: {str(error)[:LONGEST_ERROR]}")
    return Redacted(said).with_traceback(error.__traceback__)


def without_tokens(text: str) -> str:
    """The text without what looks like a secret."""
    return _FORMS.sub(_hide, text)


def _hide(found: re.Match[str]) -> str:
    if found["bearer"]:
        return f"{found[0].split()[0]} {HIDDEN}"
    if found["header"]:
        return f"{re.split('[:=]', found[0], maxsplit=1)[0]}: {HIDDEN}"
    if found["parameter"]:
        return f"{found[0].partition('=')[0]}={HIDDEN}"
    return HIDDEN


def _written(secret: str | bytes) -> frozenset[str]:
    """The forms in which a secret is written."""
    raw = secret if isinstance(secret, bytes) else secret.encode(errors="surrogatepass")
    text = raw.decode(errors="replace")
    if not text.strip():
        return frozenset()
    forms = {text, text.strip(), repr(text)[1:-1], json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    forms |= {repr(raw)[2:-1], html.escape(text), html.escape(text, quote=False)}
    forms |= {line for line in text.splitlines() if len(line) >= LINE}
    forms |= {" ".join(text.split()), "\r\n".join(text.splitlines()), ascii(text)[1:-1]}
    forms |= {unicodedata.normalize(form, text) for form in ("NFC", "NFD")}
    forms.add(text.encode("ascii", "xmlcharrefreplace").decode())
    if len(raw) >= SHORT:
        forms |= {quote(raw), quote(raw, safe=""), quote_plus(raw), raw.hex(), raw.hex().upper(), *_base64(raw)}
        forms |= {json.dumps(form)[1:-1] for form in list(forms)}
    return frozenset(form for form in forms if form.strip())


def _base64(raw: bytes) -> Iterator[str]:
    """In base64, alone or behind something else (as in `user:password`): what its place does not change."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        first = (0, 2, 3)[before]
        last = len(encoded) - ((before + len(raw)) % 3 > 0)
        if last - first >= 6:
            yield encoded[first:last]
            yield encoded[first:last].replace("+", "-").replace("/", "_")


def _as_pattern(form: str) -> str:
    return re.escape(form) if len(form) >= SHORT else rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])"


def _half_masked(key: str) -> str:
    """Its beginning or its end beside what stands for the rest."""
    stars, rest = r"(?:[*•·]{2,200}|…|\.{3,20})", r"[\w+/=-]{0,200}"
    return rf"(?<!\w){re.escape(key[:3])}{rest}{stars}{rest}|{stars}{rest}{re.escape(key[-3:])}(?!\w)"
