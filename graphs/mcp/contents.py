"""What a server's tool returned, as a model is told it, with files for people. Pure."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, cast

import mcp_types as types

from graphs.agent.errors import ToolError
from graphs.agent.results import ResultFile, ToolResult, size

_NOTHING = {"result": None}
"""How the SDK wraps that a function returned nothing."""

LONGEST_REFUSAL = 4000
"""Characters of what a tool says when it fails."""

_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,80}")
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/svg+xml": "svg",
            "audio/mpeg": "mp3", "audio/wav": "wav", "text/plain": "txt", "application/json": "json",
            "application/pdf": "pdf", "text/csv": "csv"}  # fmt: skip
_ODD = re.compile(r"[^\w. -]+")


def read(result: types.CallToolResult) -> ToolResult:
    """Raises ToolError where the tool says that it failed."""
    files: list[ResultFile] = []
    texts = [_told(block, files) for block in result.content]
    told = "\n".join(texts)
    structured = result.structured_content
    is_news = structured is not None and structured != _NOTHING and not any(_says(text, structured) for text in texts)
    if is_news:
        told = "\n".join(filter(None, [told, json.dumps(structured, ensure_ascii=False, separators=(",", ":"))]))
    if result.is_error:
        raise ToolError(told[:LONGEST_REFUSAL] or "It failed, and did not say why.")
    return ToolResult(told or "Done.", files)


def _told(block: Any, files: list[ResultFile]) -> str:
    match block:
        case types.TextContent(text=text):
            return text
        case types.ImageContent(data=data, mime_type=kind):
            return _kept("picture", kind, data, files)
        case types.AudioContent(data=data, mime_type=kind):
            return _kept("sound", kind, data, files)
        case types.ResourceLink(uri=uri, name=name, description=description):
            said = f": {description}" if description else ""
            return f"[link to {name}, {uri}{said}]"
        case types.EmbeddedResource(resource=types.TextResourceContents(uri=uri, text=text)):
            return f"[{uri}]\n{text}"
        case types.EmbeddedResource(resource=types.BlobResourceContents(uri=uri, blob=data, mime_type=kind)):
            return _kept("file", kind or "", data, files, name=str(uri).rstrip("/").rpartition("/")[2])
        case _:
            return f"[something of the kind {str(getattr(block, 'type', ''))[:40]!r}, which cannot be shown]"


def _kept(what: str, kind: str, data: str, files: list[ResultFile], name: str = "") -> str:
    media_type = kind.lower() if _MEDIA_TYPE.fullmatch(kind.lower()) else "application/octet-stream"
    try:
        read = base64.b64decode(data, validate=True)
    except ValueError:
        return f"[a {what} that cannot be read: it is no base64]"
    name = _ODD.sub("_", name).strip(". ")[-80:] or f"{what}-{len(files) + 1}.{_ENDINGS.get(media_type, 'bin')}"
    files.append(ResultFile(name, media_type, read))
    return f"[{what} {name}, {media_type}, {size(len(read))}, shown in the conversation]"


def _says(text: str, structured: Any) -> bool:
    """Whether a text is the JSON of the structured content, or the one value in it: what wraps a plain result."""
    values = list(cast("dict[str, object]", structured).values()) if isinstance(structured, dict) else []
    only: object = values[0] if len(values) == 1 else cast("object", structured)
    if text == only:
        return True
    try:
        return json.loads(text) in (structured, only)
    except (ValueError, RecursionError):
        return False
