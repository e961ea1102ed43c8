// The tables of the state file; see the header. What queries choose by has a column, everything else is in a record.
// Moments are nanoseconds since 1970; numbers of outcomes and kinds are those of history_records.cpp.
#include "store/schema.hpp"

namespace docksweep::store {

constexpr const char* step_1 =
    "CREATE TABLE engines (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE image_details (engine INTEGER NOT NULL REFERENCES engines, image BLOB NOT NULL, record BLOB NOT NULL,"
    "  PRIMARY KEY (engine, image)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE disk_usage (engine INTEGER PRIMARY KEY REFERENCES engines, record BLOB NOT NULL) STRICT;";

// AUTOINCREMENT: a number that was once given to a sweep is never given to another, whatever is forgotten.
constexpr const char* step_2 =
    "CREATE TABLE sweeps (id INTEGER PRIMARY KEY AUTOINCREMENT, engine INTEGER NOT NULL REFERENCES engines,"
    "  policy TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER, outcome INTEGER NOT NULL, record BLOB NOT NULL)"
    "  STRICT;"
    "CREATE INDEX sweeps_running ON sweeps (engine) WHERE outcome = 0;"
    // Without a sweep: removed by somebody else.
    "CREATE TABLE removals (id INTEGER PRIMARY KEY AUTOINCREMENT, sweep INTEGER REFERENCES sweeps ON DELETE CASCADE,"
    "  engine INTEGER NOT NULL REFERENCES engines, kind INTEGER NOT NULL, at INTEGER NOT NULL,"
    "  outcome INTEGER NOT NULL, freed INTEGER, record BLOB NOT NULL) STRICT;"
    "CREATE INDEX removals_of_sweep ON removals (sweep) WHERE sweep IS NOT NULL;"
    "CREATE INDEX removals_foreign ON removals (engine, at) WHERE sweep IS NULL;"
    // Large, and written once: apart from rows that change several times in a sweep.
    "CREATE TABLE inspects (removal INTEGER PRIMARY KEY REFERENCES removals ON DELETE CASCADE, text TEXT NOT NULL)"
    "  STRICT;"
    "CREATE TABLE policies (engine INTEGER NOT NULL REFERENCES engines, policy TEXT NOT NULL, last_began INTEGER,"
    "  last_ended INTEGER, last_scheduled INTEGER, last_success INTEGER, PRIMARY KEY (engine, policy))"
    "  STRICT, WITHOUT ROWID;"
    "CREATE TABLE shadows (engine INTEGER NOT NULL REFERENCES engines, policy TEXT NOT NULL, image BLOB NOT NULL,"
    "  at INTEGER NOT NULL, record BLOB NOT NULL, PRIMARY KEY (engine, policy, image)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE uses (engine INTEGER NOT NULL REFERENCES engines, kind INTEGER NOT NULL, id BLOB NOT NULL,"
    "  first_seen INTEGER NOT NULL, last_used INTEGER NOT NULL, in_use INTEGER NOT NULL, origin INTEGER NOT NULL,"
    "  PRIMARY KEY (engine, kind, id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE pause (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), since INTEGER NOT NULL, until INTEGER,"
    "  reason TEXT NOT NULL, actor TEXT NOT NULL) STRICT;"
    "CREATE TABLE clock_mark (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), boot_id TEXT NOT NULL,"
    "  wall INTEGER NOT NULL, boot INTEGER NOT NULL) STRICT;"
    // Holds pages while room is made (store/reserve.hpp); empty at all other times.
    "CREATE TABLE filler (bytes BLOB) STRICT;";

// When `docksweep restore` brought it back; NULL: it did not.
constexpr const char* step_3 =
    "ALTER TABLE removals ADD COLUMN restored INTEGER;"
    "CREATE INDEX removals_restored ON removals (engine, restored) WHERE restored IS NOT NULL;";

// The states and sources of alerts are numbered in alert_tables.cpp; `starts` is part of what an occurrence is.
constexpr const char* step_4 =
    "CREATE TABLE alerts (engine INTEGER NOT NULL REFERENCES engines, policy TEXT NOT NULL, fingerprint TEXT NOT NULL,"
    "  starts INTEGER NOT NULL, state INTEGER NOT NULL, source INTEGER NOT NULL, heard INTEGER NOT NULL,"
    "  text TEXT NOT NULL, PRIMARY KEY (engine, policy, fingerprint, starts)) STRICT, WITHOUT ROWID;";

constinit const std::array<const char*, schema_version> migrations{step_1, step_2, step_3, step_4};

}  // namespace docksweep::store
