"""Times of CSV cells as the engine reads them (core/base/timestamp_text.cc): RFC 3339 with a zone, or a
date alone, which is midnight UTC; micros since 1970."""
import datetime
import re

EPOCH = datetime.datetime(1970, 1, 1)
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799  # years 0001 to 9999
PATTERN = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2})))?"
)


def micros_of(text):
    """Micros since 1970-01-01T00:00:00Z, digits beyond them cut; None for any other text."""
    match = PATTERN.fullmatch(text)
    if match is None:
        return None
    date, clock, fraction, sign, hours, minutes = match.groups()
    try:
        start = datetime.datetime.fromisoformat(f"{date}T{clock or '00:00:00'}")
    except ValueError:
        return None
    offset = 0
    if sign:
        if int(hours) > 23 or int(minutes) > 59:
            return None
        offset = (int(hours) * 3600 + int(minutes) * 60) * (1 if sign == "+" else -1)
    seconds = (start - EPOCH) // datetime.timedelta(seconds=1) - offset
    if not FIRST_SECOND <= seconds <= LAST_SECOND:
        return None
    return seconds * 1_000_000 + int((fraction or "0").ljust(6, "0")[:6])


def time_text(micros):
    """The time in RFC 3339."""
    return (EPOCH + datetime.timedelta(microseconds=int(micros))).isoformat() + "Z"
