"""Numbers, times and names as text. Times are local ms since the epoch, `now` included."""

from __future__ import annotations

import itertools
import math
import re
from datetime import datetime

from cc_desktop.protocol.clean import clean_text
from cc_desktop.text.i18n import FSI, PDI, isolate, mark, tr, trn

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
YEAR_3000 = 32_503_680_000_000  # ms: datetime refuses much later times, and all are nonsense
JUST_NOW = 5 * SECOND
MOST_NAMES = 3  # longer lists of names are counted

DAYS = (
    *(mark("Monday"), mark("Tuesday"), mark("Wednesday"), mark("Thursday")),
    *(mark("Friday"), mark("Saturday"), mark("Sunday")),
)
SHORT_DAYS = (
    *(mark("Mon"), mark("Tue"), mark("Wed"), mark("Thu"), mark("Fri"), mark("Sat"), mark("Sun")),
)
MONTHS = (
    *(mark("Jan"), mark("Feb"), mark("Mar"), mark("Apr"), mark("May"), mark("Jun")),
    *(mark("Jul"), mark("Aug"), mark("Sep"), mark("Oct"), mark("Nov"), mark("Dec")),
)


# Text from outside


def plain(text: str, limit: int = 200) -> str:
    """The text as one line that is fit to be shown, of at most `limit` characters."""
    return clean_text(text, limit)


def sentence_end(text: str) -> str:
    """The text as one line that ends like a sentence."""
    line = plain(text, 300)
    return isolate(with_stop(line)) if line else ""


def with_stop(text: str) -> str:
    """The text with a stop at its end, unless it ends like a sentence."""
    inner = text.rstrip(PDI)
    if inner[-1:] in ".!?…)]":
        return text
    return f"{inner}.{text[len(inner) :]}"


def capitalized(text: str) -> str:
    """The text with a capital at its start; the rest stays as it is."""
    start = len(text) - len(text.lstrip(FSI))
    return text[:start] + text[start : start + 1].upper() + text[start + 1 :]


def tooltip(text: str) -> str:
    """The text escaped for a tooltip: Qt takes what looks like HTML for HTML."""
    return f"<qt>{escaped(text).replace(chr(10), '<br>')}</qt>" if text else ""


def escaped(text: str) -> str:
    """The text as it stands between the tags of HTML; not for the value of an attribute.

    The module `html` loads the names of 2,231 characters as well: 0.5 MiB.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def name_list(names: list[str]) -> str:
    """Names of gateways in a sentence: "a", "a and b", "a, b and c", "4 gateways"."""
    if len(names) > MOST_NAMES:
        return trn("{n} gateway", "{n} gateways", len(names))
    if len(names) < 2:
        return "".join(names)
    return tr("{names} and {last}", names=", ".join(names[:-1]), last=names[-1])


def avatar(name: str, emoji: str) -> str:
    """The emoji of an agent, or up to two initials of its name.

    A number at its end stands for the second: "Reviewer 101" is "R01", and 102 is another.
    """
    emoji = emoji.strip()
    if (
        emoji
        and len(emoji) <= 10
        and all(ord(char) > 0x2000 or char in "#*0123456789" for char in emoji)
    ):
        return emoji
    parts = plain(name).replace("-", " ").replace("_", " ").split()
    number = re.search(r"[0-9]+$", parts[-1]) if parts else None
    letter = next((char for char in plain(name) if char.isalpha()), "")
    if number and letter:
        return letter.upper() + number[0][-2:]
    initials = [next((char for char in part if char.isalnum()), "") for part in parts]
    return "".join(initial for initial in initials if initial)[:2].upper() or "?"


def natural(name: str) -> str:
    """What sorts a name so that "Agent 9" comes before "Agent 10"."""
    return re.sub(r"[0-9]+", lambda digits: digits[0].zfill(8), name.casefold())


def model_name(model: str) -> str:
    """The model without its provider."""
    return plain(model, 80).rsplit("/", 1)[-1]


# Numbers

# How a language writes numbers: its signs for thousands and for the decimal point.
_SAMPLE = mark("1,234.5")


def number(amount: float, places: int) -> str:
    """A number with so many decimal places, with the signs of the language."""
    text = f"{amount:,.{places}f}"
    signs = re.search(r"1(\D?)234(\D)5", tr(_SAMPLE))
    if signs is None or signs.groups() == (",", "."):
        return text
    return text.translate({ord(","): signs[1], ord("."): signs[2]})


def tokens(count: int) -> str:
    """Tokens in at most four characters: 940, 61k, 1.2M."""
    if count < 1000:
        return str(max(count, 0))
    if count < 999_500:
        return f"{number(count / 1000, 1 if count < 9_950 else 0)}k"
    return f"{number(count / 1e6, 1 if count < 9_950_000 else 0)}M"


def cost(usd: float) -> str:
    """An amount of money, or "" when none is known."""
    if not math.isfinite(usd) or usd <= 0:
        return ""
    if usd < 0.01:
        return tr("<${amount}", amount=number(0.01, 2))
    return tr("${amount}", amount=number(usd, 2 if usd < 100 else 0))


# Times


def local(at: int, clock_offset_ms: int) -> int:
    """A time of a gateway's clock by the local clock; 0 stays unknown."""
    return at + clock_offset_ms if at > 0 else 0


def span(ms: int) -> str:
    """A duration in its biggest unit: 8 s, 3 min, 2 h, 4 d."""
    ms = max(ms, 0)
    if ms < MINUTE:
        return tr("{n} s", n=ms // SECOND)
    if ms < HOUR:
        return tr("{n} min", n=ms // MINUTE)
    return tr("{n} h", n=ms // HOUR) if ms < 2 * DAY else tr("{n} d", n=ms // DAY)


_UNITS = ((DAY, mark("{n} d")), (HOUR, mark("{n} h")), (MINUTE, mark("{n} min")))


def run_time(ms: int) -> str:
    """A duration in its two biggest units: 1 min 12 s."""
    if ms < SECOND:
        return tr("{n} ms", n=max(ms, 0))
    units = (*_UNITS, (SECOND, mark("{n} s")))
    for (big, big_word), (small, small_word) in itertools.pairwise(units):
        if ms >= big:
            rest = ms % big // small
            first = tr(big_word, n=ms // big)
            if not rest:
                return first
            return tr("{first} {second}", first=first, second=tr(small_word, n=rest))
    return tr("{n} s", n=ms // SECOND)


def _moment(at: int) -> datetime | None:
    return datetime.fromtimestamp(at / 1000).astimezone() if 0 < at < YEAR_3000 else None


def _days_between(then: datetime, today: datetime) -> int:
    return (today.date() - then.date()).days


def ago(at: int, now: int) -> str:
    """When something happened: 4 min ago, yesterday, on Saturday, on 12 Oct."""
    then, today = _moment(at), _moment(now)
    if then is None or today is None:
        return ""
    if now - at < JUST_NOW:
        return tr("just now")
    days = _days_between(then, today)
    if days <= 0 or now - at < 6 * HOUR:
        return tr("{span} ago", span=span(now - at))
    if days == 1:
        return tr("yesterday")
    return tr("on {day}", day=_day(then, today, DAYS))


def when(at: int, now: int) -> str:
    """`ago` for a narrow column: 4 min, 3 h, Sat, 12 Oct."""
    then, today = _moment(at), _moment(now)
    if then is None or today is None:
        return ""
    if now - at < JUST_NOW:
        return tr("now")
    if now - at < DAY:
        return span(now - at)
    return _day(then, today, SHORT_DAYS)


def clock(at: int, now: int) -> str:
    """A time of day, with the day unless it is today: 14:02, Sat 14:02."""
    then, today = _moment(at), _moment(now)
    if then is None or today is None:
        return ""
    time = f"{then.hour:02}:{then.minute:02}"
    if _days_between(then, today) == 0:
        return time
    return tr("{day} {time}", day=_day(then, today, SHORT_DAYS), time=time)


def _day(then: datetime, today: datetime, names: tuple[str, ...]) -> str:
    # Not strftime: it uses the locale of the C library, not the language of the texts.
    if 0 < _days_between(then, today) < 7:
        return tr(names[then.weekday()])
    month = tr(MONTHS[then.month - 1])
    if then.year == today.year:
        return tr("{day} {month}", day=then.day, month=month)
    return tr("{day} {month} {year}", day=then.day, month=month, year=then.year)


def midnight(now: int) -> int:
    """The start of today."""
    today = datetime.fromtimestamp(now / 1000).astimezone()
    start = today.replace(hour=0, minute=0, second=0, microsecond=0)
    return int(start.timestamp() * 1000)
