"""What kind of value a parameter is for, judged by its name, description, format and type."""

from bot.demo.model.schema import Parameter
from bot.demo.model.words import stem, stems

MONEY = stems(
    "amount price sum total value cost fee money pay payment budget euro euros dollar dollars eur usd currency charge"
    " balance credit"
)
PERCENT = stems("percent percentage rate share discount")
QUANTITY = stems("quantity count number copies times pieces items units many amount qty size limit")
IDENTIFIER_ENDS = stems("id ids number no nr code key ref reference sku ticket identifier uuid tag serial")
IDENTIFIER_WORDS = stems("id identifier number code reference")
EMAIL = stems("email mail recipient recipients cc bcc to address")
PERSON = stems("person user assignee name customer recipient member owner employee who")
PLACE = stems("city place location country town region destination venue where")
DATE = stems("date day when until since deadline due from start end")
LINK = stems("url link uri website")
TEXTUAL = stems(
    "subject title body message text note content headline description summary comment details letter caption heading"
)
LONG = stems("body message text content note comment description details letter")
REASON = stems("reason why because comment note cause explanation justification details remark")
QUERY = stems("query search term terms keyword keywords question topic phrase")


def is_money(parameter: Parameter) -> bool:
    return bool(parameter.parts & MONEY) or bool(parameter.described & MONEY - {stem("value"), stem("total")})


def is_percent(parameter: Parameter) -> bool:
    return bool(parameter.parts & PERCENT) or bool(parameter.described & PERCENT)


def is_quantity(parameter: Parameter) -> bool:
    return bool(parameter.parts & QUANTITY)


def is_textual(parameter: Parameter) -> bool:
    """Free text that a person writes: a subject, a message, a reason."""
    return (
        parameter.kind == "string"
        and not parameter.options
        and not form_of(parameter)
        and bool(parameter.parts & (TEXTUAL | REASON))
    )


def is_reason(parameter: Parameter) -> bool:
    if parameter.kind != "string" or parameter.options or form_of(parameter):
        return False
    return bool(parameter.parts & REASON) or bool({"why", "reason"} & set(parameter.description.lower().split()))


def is_query(parameter: Parameter) -> bool:
    return parameter.kind == "string" and not parameter.options and bool(parameter.parts & QUERY)


def is_identifier(parameter: Parameter) -> bool:
    """Something that is pointed at by a number or a code."""
    if parameter.kind not in {"integer", "number", "string"} or is_textual(parameter) or form_of(parameter):
        return False
    last = stem(parameter.name.replace("-", "_").split("_")[-1])
    pointed = bool(parameter.parts & IDENTIFIER_ENDS) or last in IDENTIFIER_ENDS or parameter.name.endswith("Id")
    words = {stem(word.strip(".,;:()")) for word in parameter.description.split()}
    amount = is_money(parameter) or is_percent(parameter)
    return pointed or (not amount and parameter.kind != "number" and bool(words & IDENTIFIER_WORDS))


def form_of(parameter: Parameter) -> str:
    """The kind of `Found` value a text parameter takes: email, url, date, datetime, time, or "" for none of these."""
    by_format = {
        "email": "email",
        "idn-email": "email",
        "uri": "url",
        "url": "url",
        "date": "date",
        "date-time": "datetime",
    }
    declared = str(parameter.schema.get("format") or "")
    if declared in by_format or declared == "time":
        return by_format.get(declared, declared)
    if parameter.kind != "string" or parameter.options:
        return ""
    if parameter.parts & LINK:
        return "url"
    mail = stems("email mail")
    if parameter.parts & mail and not parameter.parts & TEXTUAL:
        return "email"
    if parameter.nouns & EMAIL and parameter.described & mail:
        return "email"
    return "date" if "date" in parameter.parts or stem("date") in parameter.parts else ""
