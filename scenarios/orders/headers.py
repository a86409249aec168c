"""Which column of an order file is which: forgiving header names, units in headers, five languages."""

import re
import unicodedata
from dataclasses import dataclass

from scenarios.orders.table import Table
from scenarios.problems import Problem, nearest

COLUMNS = (
    "order_id", "lat", "lon", "address", "window_start", "window_end", "service_s", "priority", "weight_kg",
    "volume_m3", "items", "needs", "depot", "customer", "kind", "date", "windows", "window2_start",
    "window2_end", "placed_at", "pickup_lat", "pickup_lon", "pickup_address", "pickup_window_start",
    "pickup_window_end", "pickup_service_s", "house_number", "postcode", "city",
)  # fmt: skip
"""Canonical headers."""

UNITS = {
    "time": {
        "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "sek": 1.0, "segundos": 1.0,
        "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0, "minuten": 60.0, "minutos": 60.0,
        "h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "hour": 3600.0, "hours": 3600.0, "stunden": 3600.0,
        "horas": 3600.0, "heures": 3600.0,
    },
    "weight": {
        "kg": 1.0, "kgs": 1.0, "kilo": 1.0, "kilos": 1.0, "g": 0.001, "gram": 0.001, "grams": 0.001,
        "t": 1000.0, "ton": 1000.0, "tons": 1000.0, "tonne": 1000.0, "tonnes": 1000.0,
        "lb": 0.45359237, "lbs": 0.45359237, "pound": 0.45359237, "pounds": 0.45359237,
    },
    "volume": {
        "m3": 1.0, "cbm": 1.0, "l": 0.001, "litre": 0.001, "litres": 0.001, "liter": 0.001, "liters": 0.001,
        "dm3": 0.001, "cm3": 1e-6, "ft3": 0.028316846592, "cuft": 0.028316846592,
    },
}  # fmt: skip
"""Unit names of each quantity and what one of them is in seconds, kilograms or cubic metres (a ton is
metric)."""

QUANTITY = {"service_s": "time", "pickup_service_s": "time", "weight_kg": "weight", "volume_m3": "volume"}

_SYNONYMS = {
    "order_id": "id order orderno ordernr ordernumber ordernum no nr num number ref reference orderref "
    "orderkey shipment shipmentid parcel parcelid consignment job jobid stopid auftrag auftragsnr "
    "auftragsnummer bestellung bestellnr bestellnummer pedido idpedido numeropedido npedido encomenda "
    "commande nocommande numerocommande numero",
    "lat": "latitude y breite breitengrad latitud ycoord",
    "lon": "lng long longitude x lange laenge langengrad laengengrad longitud xcoord",
    "address": "addr streetaddress fulladdress street location adresse anschrift strasse direccion domicilio "
    "endereco morada adres",
    "window_start": "from earliest start begin twstart twopen ready readytime open opens opening notbefore "
    "windowfrom timefrom starttime earliesttime after von ab fruhestens desde apartir debut apartirde inicio "
    "de twfrom windowopen windowopens windowbegin timewindowstart timewindowfrom",
    "window_end": "to latest end twend twclose due duedate duetime close closes closing notafter windowto "
    "timeto endtime latesttime before until till by bis spatestens hasta jusqua fin ate fim deadline twto "
    "windowclose windowcloses timewindowend timewindowto",
    "service_s": "service servicetime serviceduration duration stoptime stopduration handling handlingtime "
    "standzeit servicezeit dauer duracion tiempodeservicio duree dureeservice duracao tempodeservico",
    "priority": "prio urgency rank prioritat prioridad priorite prioridade",
    "weight_kg": "weight wt mass grossweight gewicht peso poids",
    "volume_m3": "volume vol cube volumen",
    "items": "item qty quantity pieces pcs parcels packages boxes units count menge anzahl stuck colli "
    "cantidad bultos quantite colis quantidade volumes demand",
    "needs": "need skills skill requires requirements required equipment features vehicletype anforderungen "
    "requisitos besoins",
    "depot": "warehouse hub depotid depotname fromdepot lager deposito almacen entrepot armazem",
    "customer": "client customerid customername clientname consignee recipient receiver name kunde "
    "kundenname cliente nomecliente",
    "kind": "type ordertype tasktype jobtype pickupordelivery art tipo",
    "date": "day deliverydate servicedate datum tag fecha jour data dia",
    "windows": "window timewindow timewindows tw tws slot timeslot deliverywindow deliveryslot hours "
    "openinghours zeitfenster lieferfenster franja ventana creneau janela",
    "window2_start": "from2 start2 earliest2 tw2start window2from tw2from",
    "window2_end": "to2 end2 latest2 tw2end window2to tw2to",
    "house_number": "houseno housenr streetnumber streetno hausnummer hausnr numerodecasa",
    "postcode": "postalcode zip zipcode plz codigopostal codepostal cep",
    "city": "town locality municipality stadt ort ciudad cidade ville localidade",
    "placed_at": "placed ordered orderedat createdat created ordertime orderedon bestelltam receivedat callin",
}
_PICKUP_WORDS = (
    "pickup", "pick up", "collection", "collect", "origin", "from", "sender", "abholung", "abhol", "recogida",
    "recolha", "enlevement",
)  # fmt: skip
_DELIVERY_WORDS = (
    "delivery", "deliver", "dropoff", "drop off", "drop", "destination", "dest", "to", "lieferung", "liefer",
    "entrega", "livraison",
)  # fmt: skip
_UNITS_SPELLED = (
    ("³", "3"),
    ("m^3", "m3"),
    ("cu ft", "cuft"),
    ("cu. ft", "cuft"),
    ("no.", "no"),
    ("n°", "no"),
)


@dataclass(frozen=True)
class Column:
    """A recognised column: its place in the row, canonical name, header as written and what one unit of it
    is."""

    index: int
    name: str
    header: str
    factor: float = 1.0


def plain(text: str) -> str:
    """Lower case without diacritics or punctuation, words separated by single spaces."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).casefold()  # windowStart
    for written, meant in _UNITS_SPELLED:
        text = text.replace(written, meant)
    decomposed = unicodedata.normalize("NFKD", text)
    return " ".join(re.findall(r"[^\W_]+", "".join(char for char in decomposed if not unicodedata.combining(char))))


def _names() -> dict[str, str]:
    known: dict[str, str] = {}
    for column, words in _SYNONYMS.items():
        for word in words.split():
            known[word] = column
    for column in COLUMNS:
        known[plain(column).replace(" ", "")] = column
        if column in QUANTITY:
            known[plain(column).rpartition(" ")[0].replace(" ", "")] = column
    return known


_KNOWN = _names()


def recognise(header: str) -> tuple[str, float, bool] | None:
    """``(canonical name, factor, unit was stated)`` of a header, or None when it is none we know.

    >>> recognise("Service (min)")
    ('service_s', 60.0, True)
    >>> recognise("Pick-up latitude")
    ('pickup_lat', 1.0, False)
    """
    words = plain(header).split()
    return _exact(words) or _with_unit(words) or _unit_alone(words)


def _exact(words: list[str]) -> tuple[str, float, bool] | None:
    squashed = "".join(words)
    name = _KNOWN.get(squashed) or _with_prefix(" ".join(words))
    if name is None:
        return None
    return name, 1.0, name in QUANTITY and squashed.endswith(plain(name).rpartition(" ")[2])


def _with_prefix(text: str) -> str | None:
    for word in _PICKUP_WORDS:
        rest = _KNOWN.get(text.removeprefix(word).replace(" ", "")) if text.startswith(word) else None
        if rest is not None and f"pickup_{rest}" in COLUMNS:
            return f"pickup_{rest}"
    for word in _DELIVERY_WORDS:
        rest = _KNOWN.get(text.removeprefix(word).replace(" ", "")) if text.startswith(word) else None
        if rest is not None and f"pickup_{rest}" in COLUMNS:
            return rest
    return None


def _with_unit(words: list[str]) -> tuple[str, float, bool] | None:
    if len(words) < 2:
        return None
    base = words[:-2] if words[-2] == "in" else words[:-1]
    found = _exact(base)
    if found is None or found[0] not in QUANTITY:
        return None
    factor = UNITS[QUANTITY[found[0]]].get(words[-1])
    return None if factor is None else (found[0], factor, True)


def _unit_alone(words: list[str]) -> tuple[str, float, bool] | None:
    """A header that is nothing but a unit of weight or volume (``kg``, ``litres``) names that quantity."""
    for column in ("weight_kg", "volume_m3"):
        factor = UNITS[QUANTITY[column]].get("".join(words))
        if factor is not None and len("".join(words)) > 1:
            return column, factor, True
    return None


def match_headers(table: Table) -> tuple[dict[str, Column], list[Problem], list[Problem]]:
    """``(columns by canonical name, problems, notes)``.

    Two headers that mean the same column are a problem; an unknown or unnamed column is ignored with a note,
    and a quantity without a unit is taken in the canonical unit with a note.
    """
    columns: dict[str, Column] = {}
    problems: list[Problem] = []
    notes: list[Problem] = []
    for index, header in enumerate(table.header):
        where = f"row {table.header_row}, column {header or index + 1}"
        found = recognise(header)
        if found is None:
            if header or any(index < len(row) and str(row[index]).strip() for _, row in table.rows):
                guess = nearest(header, COLUMNS)
                notes.append(Problem(table.file, where, header, "a known header; the column is ignored", guess))
            continue
        name, factor, unit_stated = found
        if name in columns:
            earlier = columns[name].header
            expected = f"one column for {name}, but '{earlier}' means it too: rename or remove one"
            problems.append(Problem(table.file, where, header, expected))
            continue
        columns[name] = Column(index, name, header, factor)
        if name in QUANTITY and not unit_stated:
            notes.append(Problem(table.file, where, header, f"a unit in the header; it is read as {name}"))
    return columns, problems, notes
