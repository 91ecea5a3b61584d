-- SHA-256 of what an operation was asked: an op that is used for something else is told so. NULL: not
-- known, as of what was done before this migration.
ALTER TABLE op ADD COLUMN request BYTEA;
