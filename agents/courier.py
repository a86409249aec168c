"""Single messages over the radio: events from road to office, commands from office to road; late, never lost.

Each device has an outbox, and the platform holds one of commands for it. Only the death, loss or theft of the device
loses what is in them, counted by cause. A message sets out when the device is connected, is on the air for
size / speed, and arrives a latency later. The next one sets out when the receipt is back, again a latency later: with
one in flight, a device's messages arrive in the order sent. Large ones (proofs: a size is given) queue apart, yield to
the others even in mid-transmission, and resume where they were interrupted.

An attempt fails when the link vanishes meanwhile or, by the carrier's share of losses, in transit. It is repeated
after a wait that doubles until the link was away; with jitter after a random part of it ("full jitter", M. Brooker,
Exponential Backoff And Jitter, AWS Architecture Blog, 2015), and so is, after a random part of the first wait, what
waits when a link has come back: no reconnect storm. A receipt to a device may be lost: then its message comes a second
time.

Nothing is polled. An outbox has one wake-up ahead: an arrival, a retry or the next contact that is known; else none,
until the links tell that more has become known.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from agents.outbox import Flight, Item, Outbox, Piece, Tally, Transport
from agents.world import World
from engine.clock import SECOND
from engine.coverage.code import has_wifi, level
from engine.radio.links import Links
from twin.commands import Command
from twin.ingest import Message

TO_OFFICE, TO_ROAD = "to_office", "to_road"

NONE_KNOWN_US = 1 << 62
"""When a link returns of which nothing is known."""


class Courier:
    """Carries the messages of all devices. Without surroundings the radio is perfect: all arrives a latency later.

    ``door`` takes what arrives at the platform. Devices and their ``Transport`` are numbered as in ``links``.
    """

    def __init__(
        self, world: World, links: Links, transports: Sequence[Transport], door: Callable[[Message], None]
    ) -> None:
        self.world, self.links, self.door = world, links, door
        self.perfect = links.surroundings is None
        self._index = {name: index for index, name in enumerate(links.settings.ids)}
        self._commands = [0] * len(links)  # given so far, by device
        self._boxes = {
            way: [Outbox(index, transport, tally) for index, transport in enumerate(transports)]
            for way, tally in ((TO_OFFICE, Tally()), (TO_ROAD, Tally()))
        }
        links.on_change.append(self._future_changed)
        links.on_end.append(self._device_ended)

    # --- what agents use ---

    def send(self, message: Message, device: str, size_bytes: int | None = None) -> None:
        """A device reports; a size, beyond that of an event, marks a large message."""
        box = self._boxes[TO_OFFICE][self._index[device]]
        bits = 8 * (box.transport.event_bytes + (size_bytes or 0))
        self._offer(box, Item(("event", message.event_id), bits, partial(self.door, message), size_bytes is not None))

    def command(self, command_id: str, command: Command, device: str, deliver: Callable[[str, Command], None]) -> None:
        """Head office gives a command; the platform holds it until the device is connected."""
        index = self._index[device]
        box = self._boxes[TO_ROAD][index]
        key = ("command", device, self._commands[index])
        self._commands[index] += 1
        self._offer(box, Item(key, 8 * box.transport.event_bytes, partial(deliver, command_id, command)))

    def gone(self, device: str) -> bool:
        """Whether the device is dead, lost or stolen."""
        return self.links.gone(self._index[device]) is not None

    def cut_off_by(self, device: str) -> str:
        """Why no message could set out now: ``dead_zone``, ``outage`` where there would be coverage if none of the
        device's carriers were out, or ``network`` where there is (a fault, attaching, cut off by the data plan).
        "" when one could, and when the device is gone: nobody waits for that."""
        index, now = self._index[device], self.world.now
        surroundings, settings = self.links.surroundings, self.links.settings
        if surroundings is None or self.gone(device) or self.links.connected(index, now) is not None:
            return ""
        vehicle = int(settings.vehicle[index])
        code = surroundings.code_at(vehicle, now)
        carriers = [c for c in (*settings.sims[index].tolist(), int(settings.hotspot[index])) if c >= 0]
        if any(level(code, carrier) for carrier in carriers) or (settings.wifi[index] and has_wifi(code)):
            return "network"
        usual = surroundings.usual_code_at(vehicle, now)
        return "outage" if any(level(usual, carrier) for carrier in carriers) else "dead_zone"

    def counts(self) -> dict[str, Tally]:
        """What has become of all messages by now, by direction."""
        return {way: self._count(boxes) for way, boxes in self._boxes.items()}

    def waiting(self) -> list[int]:
        """How many of its messages wait in each device, those on their way included."""
        return [sum(not item.delivered for item in box) for box in self._boxes[TO_OFFICE]]

    # --- the way of a message ---

    def _offer(self, box: Outbox, item: Item) -> None:
        box.tally.offered += 1
        gone = self.links.gone(box.device)
        if gone is not None:
            box.tally.lose(gone)
        elif self.perfect:
            box.tally.attempts += 1
            self.world.after(box.transport.latency_us, partial(self._arrive_perfect, box, item))
        else:
            box.put(item)
            if box.flight is not None and box.flight.item.large and box.head is item:
                self._interrupt(box, box.flight)
            if box.head is item:  # else something is under way already
                self._go_on(box)

    def _arrive_perfect(self, box: Outbox, item: Item) -> None:
        again = self._receipt_lost(box, item)
        self._arrive(box, item)
        if again:
            self.world.after(self._wait_us(box, item), partial(self._arrive, box, item))

    def _go_on(self, box: Outbox) -> None:
        """Unless busy, send what is next if it can be sent now; else be woken when it can, if that is known."""
        item, now = box.head, self.world.now
        if item is None or box.flight is not None:
            return
        ready_us = max(box.free_us, item.not_before_us)
        if box.link_us is not None and box.link_us <= now:
            ready_us = max(ready_us, box.wake_us)  # the link is, or was, back: the wait has begun
        if now < ready_us:
            self._wake(box, ready_us, self._go_on)
            return
        if self.links.connected(box.device, now) is None:
            known_us = self.links.next_contact_us(box.device, now)
            self._expect(box, item, known_us if known_us > now else NONE_KNOWN_US)
        elif box.link_us is not None and now < box.link_us:  # back earlier than was known
            self._expect(box, item, now)
        if box.link_us is None or box.wake_us <= now:
            if box.link_us is not None:
                box.link_us, item.failures = None, 0
            item.attempts += 1
            box.tally.attempts += 1
            self._take_off(box, item, [])
        elif box.wake_us < self.world.end_us:
            self._wake(box, box.wake_us, self._go_on)

    def _expect(self, box: Outbox, item: Item, link_us: int) -> None:
        """The link comes back; with jitter it is not used at once, so that not all devices come together."""
        spread_us = 0
        if box.transport.jitter and link_us < NONE_KNOWN_US:
            share = self.world.streams.uniform("reconnect", *item.key, link_us)
            spread_us = int(box.transport.retry_us * share)
        box.link_us, box.wake_us = link_us, link_us + spread_us

    def _take_off(self, box: Outbox, item: Item, sent: list[Piece]) -> None:
        """Put what is left of an item on the air; what becomes of it is known then, unless the future changes."""
        now_us = self.world.now
        box.flight = flight = Flight(item, sent)
        left = flight.work_left(now_us)
        while not flight.through and now_us < self.links.review_us:
            contact = self.links.connected(box.device, now_us)
            if contact is None:
                break
            bps = self.links.rate_bps(box.device, contact)
            until_us = min(now_us - (-left // bps), contact.end_us)
            flight.pieces.append(Piece(now_us, until_us, bps, contact))
            left -= (until_us - now_us) * bps
            flight.through = left <= 0
            now_us = until_us
        flight.air_us = now_us
        if flight.through:
            share = self.links.loss_share(box.device, flight.pieces[-1].contact)
            flight.lost = share > 0 and self.world.streams.uniform("lost", *item.key, item.attempts) < share
        self._wake(box, now_us + (box.transport.latency_us if flight.through else 0), self._land)

    def _interrupt(self, box: Outbox, flight: Flight) -> None:
        """Stop sending a large message; what was sent need not be sent again."""
        now = self.world.now
        if flight.on_air(now):
            self._use(box, flight)
            flight.item.bits = flight.bits_left(now)
            box.halt()

    def _land(self, box: Outbox) -> None:
        """The attempt is over: the message arrives, or is to be sent again."""
        flight, now = box.flight, self.world.now
        assert flight is not None  # noqa: S101
        item = flight.item
        if not flight.through and self.links.connected(box.device, now) is not None:
            self._take_off(box, item, flight.pieces)  # so far was known when it set out
            return
        self._use(box, flight)
        box.flight = None
        if flight.through and not flight.lost:
            if self._receipt_lost(box, item):
                item.not_before_us = now + self._wait_us(box, item)
            else:
                box.done(item)
            box.free_us = now + box.transport.latency_us
            self._arrive(box, item)
        else:
            if item.large and not flight.through:
                item.bits = flight.bits_left(now)
            item.not_before_us = now + self._wait_us(box, item)
        self._go_on(box)

    def _arrive(self, box: Outbox, item: Item) -> None:
        if item.delivered:
            box.tally.duplicates += 1
        else:
            box.tally.delivered += 1
            item.delivered = True
        item.deliver()

    # --- what the links tell ---

    def _future_changed(self, device: int | None, from_us: int) -> None:
        """From a moment on, not before now, when a device (None: any) will be connected is known better."""
        now = self.world.now
        for boxes in () if self.perfect else self._boxes.values():
            for box in boxes if device is None else boxes[device : device + 1]:
                flight = box.flight
                if flight is None:
                    self._go_on(box)
                elif flight.on_air(now) and flight.air_us > from_us:
                    past = [p._replace(until_us=min(p.until_us, now)) for p in flight.pieces if p.start_us < now]
                    self._take_off(box, flight.item, past)

    def _device_ended(self, device: int, cause: str) -> None:
        """What the device holds and what is held for it is lost; what had left arrives."""
        for boxes in () if self.perfect else self._boxes.values():
            box = boxes[device]
            flight = box.flight if box.flight is not None and box.flight.arrives(self.world.now) else None
            for item in box:
                if not item.delivered and (flight is None or item is not flight.item):
                    box.tally.lose(cause)
            box.small.clear()
            box.large.clear()
            if flight is None:
                box.halt()

    # --- small helpers ---

    def _use(self, box: Outbox, flight: Flight) -> None:
        """What an attempt has sent by now counts against the data plan."""
        now = self.world.now
        for piece in flight.pieces:
            self.links.use(box.device, piece.contact, -(-piece.work(now) // (8 * SECOND)), now)

    def _receipt_lost(self, box: Outbox, item: Item) -> bool:
        """Whether the receipt of a device's message that arrives for the first time gets lost."""
        share = box.transport.duplicate_share
        if share <= 0 or item.delivered or item.key[0] != "event":
            return False
        return self.world.streams.uniform("receipt", *item.key) < share

    def _wait_us(self, box: Outbox, item: Item) -> int:
        """How long to wait after a failure, which is counted."""
        most_us = box.transport.most_us(item.failures)
        item.failures += 1
        if not box.transport.jitter:
            return most_us
        return int(most_us * self.world.streams.uniform("wait", *item.key, item.attempts))

    def _wake(self, box: Outbox, when_us: int, act: Callable[[Outbox], None]) -> None:
        """Call ``act`` at a moment, unless another wake-up takes its place."""
        box.turn += 1
        turn = box.turn

        def ring() -> None:
            if turn == box.turn:
                act(box)

        self.world.at(when_us, ring)

    def _count(self, boxes: list[Outbox]) -> Tally:
        tally = replace(boxes[0].tally, lost=dict(sorted(boxes[0].tally.lost.items()))) if boxes else Tally()
        if self.perfect:
            tally.in_transit = tally.offered - tally.delivered - sum(tally.lost.values())
        for box in boxes:
            flying = box.flight.item if box.flight is not None else None
            tally.in_transit += flying is not None and not flying.delivered
            tally.waiting += sum(item is not flying and not item.delivered for item in box)
        return tally
