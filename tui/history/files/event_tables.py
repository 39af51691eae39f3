"""The tables of a project's file of events. Must not know what is written to them, nor when."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    "CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT UNIQUE)",
    "CREATE TABLE run(run TEXT PRIMARY KEY, unix REAL, mono REAL, host TEXT, version TEXT) WITHOUT ROWID",
    "CREATE TABLE watched(source INTEGER, since REAL, until REAL, run TEXT, why TEXT,"
    " PRIMARY KEY(source, since)) WITHOUT ROWID",
    "CREATE TABLE transition(subject INTEGER, at REAL, before INTEGER, after INTEGER, not_before REAL,"
    " PRIMARY KEY(subject, at)) WITHOUT ROWID",
    "CREATE TABLE since(subject INTEGER PRIMARY KEY, status TEXT, at REAL, not_before REAL, not_after REAL,"
    " evidence TEXT)",
    "CREATE TABLE event(id INTEGER PRIMARY KEY, origin INTEGER, number INTEGER, at REAL, kind INTEGER,"
    " severity INTEGER, text TEXT, detail TEXT, before TEXT, after TEXT, not_before REAL, agent INTEGER,"
    " agent_name INTEGER, room INTEGER, dispatch INTEGER, job INTEGER, source INTEGER, ids BLOB,"
    " clock INTEGER, UNIQUE(origin, number))",
    "CREATE INDEX event_at ON event(at)",
    "CREATE TABLE failed_job(job TEXT PRIMARY KEY, at REAL, value BLOB) WITHOUT ROWID",
    "CREATE TABLE error_count(agent INTEGER, minute INTEGER, signature TEXT, count INTEGER, line TEXT,"
    " PRIMARY KEY(agent, minute, signature)) WITHOUT ROWID",
)
OUR_CLOCK: Final = "our_clock"
"""The table of times of subjects that are by this machine's clock, as the server's was not known."""
ADDED: Final = (
    "CREATE TABLE IF NOT EXISTS job_count(agent INTEGER, minute INTEGER, succeeded INTEGER,"
    " PRIMARY KEY(agent, minute)) WITHOUT ROWID",
    f"CREATE TABLE IF NOT EXISTS {OUR_CLOCK}(subject INTEGER, at REAL,"
    " PRIMARY KEY(subject, at)) WITHOUT ROWID",
)
"""Tables that files of this schema do not have if an older program made them; it does not mind them."""
NAMED: Final = (
    *(("event", name) for name in ("origin", "kind", "severity", "agent", "agent_name", "room")),
    *(("event", name) for name in ("dispatch", "job", "source")),
    *(("transition", name) for name in ("subject", "before", "after")),
    *(("since", "subject"), ("watched", "source"), (OUR_CLOCK, "subject")),
    *(("error_count", "agent"), ("job_count", "agent")),
)
"""Tables and their columns that hold the number of a name; so do the `ids` of an event."""
