"""A person's text: what cannot be seen, its width, names of files, which word it meant."""

import difflib
import hashlib
import re
import textwrap
import unicodedata
from collections.abc import Iterable

from rich.cells import cell_len

LONGEST = 300  # characters of a person's text on a line of a figure or terminal; data hold it whole
LONGEST_NAME = 150  # bytes of a person's text in the name of a file
# Control characters, halves of characters, and what turns the direction of the text after it.
_REFUSED = (
    "\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff"
)
REFUSED = re.compile(f"[{_REFUSED}]")
# What joins or parts letters is part of some scripts, and shows nothing anywhere else.
_JOINERS = "\xad\u061c\u180e\u200b-\u200f\u2060-\u2064\ufff9-\ufffb"
_ALONE = f"\x00-\u02ff{_JOINERS}{_REFUSED}"  # beside these it joins nothing
_UNSEEN = re.compile(f"[{_REFUSED}\r]|(?<![^{_ALONE}])[{_JOINERS}]|[{_JOINERS}](?![^{_ALONE}])")
_BYTES = re.compile("[\udc80-\udcff]")  # how Python carries bytes that are no text
_PAD = "\ue000"  # stands for the second column of a wide letter
_AWKWARD = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')  # in the name of a file on any system
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def visible(text: str) -> str:
    """The text with every character that shows nothing as its code, as JSON writes it."""
    if text.isprintable():  # a picture within a page is long
        return text
    return _UNSEEN.sub(lambda found: code_of(found[0]), text)


def code_of(character: str) -> str:
    """A character as JSON and Python write it where it cannot be shown."""
    at = ord(character)
    return f"\\u{at:04x}" if at < 0x10000 else f"\\U{at:08x}"


def fault(text: str) -> str:
    """What is wrong with a text of one line, such as a name: no UTF-8, or control characters."""
    shown = visible(_BYTES.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", text))
    shown = shown.replace("\t", "\\t").replace("\n", "\\n")
    if _BYTES.search(text):
        return f"{shown} is not UTF-8"
    is_bad = REFUSED.search(text) or any(each in text for each in "\t\n\r")
    return f"{shown} holds control characters" if is_bad else ""


def shortened(text: str, most: int = LONGEST) -> str:
    """The text in one line of at most so many characters, its middle left out where it is long."""
    line = " ".join(text.split())
    end = most // 4
    return line if len(line) <= most else f"{line[: most - 1 - end]}…{line[-end:]}"


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most so many columns."""
    padded = "".join(letter + _PAD * (cell_len(letter) - 1) for letter in text)
    lines = textwrap.wrap(padded, width)
    return [line.replace(_PAD, "") for line in lines]


def file_name_from(text: str) -> str:
    """A file's name from a person's text, one that every system takes; two texts, two names.

    A text that will do is its own name; any other ends with a few digits of its digest. No name
    has capitals, because many disks take two names that differ by them alone for one.
    """
    name = visible(text)
    for _ in range(2):  # a small letter may be one that is composed
        name = unicodedata.normalize("NFC", name.casefold())
    name = _AWKWARD.sub("_", name).strip(" .")
    name = name.encode()[:LONGEST_NAME].decode(errors="ignore")
    if name and name == text and not _DEVICES.match(name):
        return name
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{name}_{digest}"


def alike(word: str, known: Iterable[str], most: int) -> list[str]:
    """At most so many known words closest to one, in any case; first that of which it is short."""
    named, short = {each.lower(): each for each in known}, word.lower()
    initials = {each: "".join(part[:1] for part in each.split("_")) for each in named}
    meant = [each for each, own in initials.items() if own[1:] and own in (short, short[:-1])]
    close = difflib.get_close_matches(short, named, n=most, cutoff=0.6)
    return [named[each] for each in dict.fromkeys([*meant, *close])][:most]
