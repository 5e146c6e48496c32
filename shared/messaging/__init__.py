"""Events applied once and in order: consumer, gate, dead letters, outbox relay, journal, timers.

The way of a record in: `consumer` → `processor` (decode, gate, handler, one bulk write); what
cannot be applied → `dead_letters`, which `keeper` releases. The way of an event out: aggregate's
outbox → `relay` → Kafka and `journal`; `replays` publishes from the journal again.
"""
