"""What is the same in two spellings of an address: folding, abbreviations, house numbers."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_SAME = """
street st str strasse saint sankt ste / road rd / avenue av ave avenida avinguda aven /
boulevard blvd bd bvd boul / drive dr doctor doutor doctora doutora dra / lane ln / court ct /
place pl platz plaza placa / square sq / praca pca prc pc / rua r rue / carrer c calle cl cr /
largo lg lgo / travessa tv trav tr / alameda al / estrada est / carretera ctra crta /
caminho cam camino cami cm / passeig psg paseo pso po / passatge pt pasaje / highway hwy / parkway pkwy
/ pike pk / terrace ter / circle cir / alley aly / quai q / north n norte nord nossa /
south s sul sur sud sao san / east e este / west w oeste ouest / northeast ne / northwest nw /
southeast se / southwest sw / professor prof professora / engenheiro eng / general gen /
capitao cap capitan / coronel cel / dona d dom don / santa sta / santo sto / senhora sra / senhor sr /
comandante cmdt cmd / mount mt / fort ft / 1st first / 2nd second / 3rd third / 4th fourth / 5th fifth /
6th sixth / 7th seventh / 8th eighth / 9th ninth / 10th tenth
"""
"""Spellings that count as one; the first of each group stands for all (a long one, so that a slip in it is
a small difference). Applied to both sides, so that it does not matter that ``st`` is a street here and a
saint there."""

_CANONICAL = {word: group.split()[0] for group in _SAME.split("/") for word in group.split()}
_COMPASS = ("north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest")
_WORDS = {
    "types": "street road avenue boulevard drive lane court place square praca rua carrer largo travessa "
    "alameda estrada carretera caminho passeig passatge highway parkway pike terrace circle alley quai",
    "small": "a as o os y i de du da do dos das del dels d l la le les el els los las the of an am der die "
    "des und and et",
    "units": "apt apartment unit suite ste flat floor fl app apto piso esq dto dir frac door puerta bloco "
    "bloque bldg building room rm lot whg wohnung etage stock krs no nr num",
}
_TYPES = frozenset(_WORDS["types"].split())
"""The words that say what kind of road it is, which tell little about which one."""
_SMALL = frozenset(_WORDS["small"].split())
_UNIT_WORDS = frozenset(_WORDS["units"].split())
_COMPOUND = re.compile(r"(\w{3,})(?:strasse|str)$")
_HOUSE = re.compile(r"(\d{1,5})(bis|ter|[a-z])?(?:[-/]\d{1,5}[a-z]?)?$")
_TOKEN = re.compile(r"\d+[a-z]{0,2}(?:[-/]\d+[a-z]?)?(?![^\W_])|[^\W_]+")


@dataclass(frozen=True)
class House:
    """A house number: its value and its letter, if any."""

    value: int
    letter: str = ""


def folded(text: str) -> str:
    """Lower case, no diacritics; letters that NFKD does not take apart are spelt out."""
    text = text.casefold().replace("ø", "o").replace("ł", "l").replace("æ", "ae").replace("œ", "oe").replace("đ", "d")
    text = text.replace("’", "'").replace("n.º", " ").replace("nº", " ").replace("n°", " ")
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    """The folded words of a piece of an address, numbers with their letters and ranges kept whole."""
    found: list[str] = []
    for word in _TOKEN.findall(folded(text)):
        compound = _COMPOUND.match(word)
        found += [compound[1], "street"] if compound else [word]
    return found


def street_key(parts: list[str]) -> str:
    """What two spellings of a street name have in common: canonical words without articles and prepositions.

    The small words stay where nothing else tells the street apart (A Street).
    """
    kept = [_CANONICAL.get(word, word) for word in parts if word not in _SMALL]
    if _TYPES.issuperset(kept):
        kept = [_CANONICAL.get(word, word) for word in parts]
    return " ".join(kept)


def compatible(key: str, other: str) -> bool:
    """Whether two keys may name one street: the same numbers (5th is not 6th), no opposing compass points."""
    numbers, compass = _marks(key)
    other_numbers, other_compass = _marks(other)
    return numbers == other_numbers and (not compass or not other_compass or compass == other_compass)


@lru_cache(maxsize=65_536)
def _marks(key: str) -> tuple[frozenset[str], frozenset[str]]:
    parts = key.split()
    return frozenset(word for word in parts if word[0].isdigit()), frozenset(_COMPASS).intersection(parts)


def with_compass(key: str) -> list[str]:
    """The names a key without a compass point may be short for: ``high street`` is North or South High
    Street."""
    return [] if _marks(key)[1] else [f"{point} {key}" for point in _COMPASS]


def core(key: str) -> tuple[str, bool]:
    """A key without the words for kinds of roads, and whether there were any; empty if it has only such
    words."""
    parts = key.split()
    kept = [word for word in parts if word not in _TYPES]
    return " ".join(kept), len(kept) < len(parts)


def without_small(name: str) -> str:
    """A name without words of up to three letters before its last: they may be misspelt articles."""
    *first, last = name.split() or [""]
    return " ".join([*(word for word in first if len(word) > 3), last])


def house_of(word: str) -> House | None:
    """The house number a word is (of a range its first), or None.

    >>> house_of("12b")
    House(value=12, letter='b')
    """
    found = _HOUSE.match(word)
    return House(int(found[1]), found[2] or "") if found else None


def houses_of(number: str) -> list[House]:
    """All houses a mapped number stands for: ``12-16`` is 12, 14 and 16, ``7;9`` is 7 and 9."""
    found: list[House] = []
    for part in re.split(r"[;,]", folded(number)):
        ends = re.match(r"\s*(\d{1,5})\s*(bis|ter|[a-z])?(?![a-z])\s*(?:[-–/]\s*(\d{1,5}))?", part)
        if ends is None:
            continue
        low, high = int(ends[1]), int(ends[3] or ends[1])
        found.append(House(low, ends[2] or ""))
        if low < high <= low + 40:
            found += [House(value) for value in range(low + 2, high + 1, 2)]
    return found


def readings(address: str) -> list[tuple[str, House | None]]:
    """The ways to read an address as (street key, house), likeliest first, without doubles.

    Handles ``Street 12``, ``12 Street``, ``Street, 12``, units and floors after the number, and a town or
    postcode before or after the street.
    """
    segments = [found for part in re.split(r"[,;\n]", address) if (found := words(part))]
    options: list[tuple[str, House | None]] = []
    for position, parts in enumerate(segments):
        following = segments[position + 1] if position + 1 < len(segments) else []
        options += _segment_readings(parts, following)
    options.append((street_key([word for parts in segments for word in parts]), None))
    return list(dict.fromkeys(option for option in options if option[0]))


def _segment_readings(parts: list[str], following: list[str]) -> list[tuple[str, House | None]]:
    """The readings of what stands between two commas; ``following`` is what stands behind the second."""
    stop = next((at for at, word in enumerate(parts) if at and word in _UNIT_WORDS), len(parts))
    found = [(street_key(street), house) for street, house in _around_numbers(parts, stop)]
    after = house_of(following[0]) if following else None
    if after and len(following) <= 3:
        found.append((street_key(parts[:stop]), _with_letter(after, following[1:2])))
    return [*found, (street_key(parts), None)]


def _around_numbers(parts: list[str], stop: int) -> Iterator[tuple[list[str], House]]:
    """Each number as the house of what stands before it, or of what stands after it."""
    for at in range(len(parts) - 1, -1, -1):
        house = house_of(parts[at])
        if house is None:
            continue
        if at:
            yield parts[:at], _with_letter(house, parts[at + 1 : at + 2])
        behind = parts[at + 1 : stop] if at < stop else []
        if behind:
            yield behind, house
            if len(behind) > 1 and len(behind[0]) == 1:  # 34 b Quai Rey; but also 34 E Broad Street, above
                yield behind[1:], _with_letter(house, behind[:1])


def _with_letter(house: House, next_words: list[str]) -> House:
    """The house with the letter written apart: ``12 B``."""
    if house.letter or not next_words or not re.fullmatch("[a-z]|bis|ter", next_words[0]):
        return house
    return House(house.value, next_words[0])
