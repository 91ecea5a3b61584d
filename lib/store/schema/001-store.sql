-- What every store has, beside the table migration that the program makes itself.

CREATE TABLE meta (
	name TEXT COLLATE "C" PRIMARY KEY,
	value TEXT NOT NULL
);

CREATE TABLE counter (
	name TEXT COLLATE "C" PRIMARY KEY,
	value BIGINT NOT NULL
);

-- what a repeated operation is told
CREATE TABLE op (
	signer TEXT COLLATE "C" NOT NULL,
	op TEXT COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	result BYTEA NOT NULL,
	PRIMARY KEY (signer, op)
);
CREATE INDEX op_at ON op (at);

CREATE TABLE audit (
	instance TEXT COLLATE "C" NOT NULL,
	number BIGINT NOT NULL,
	at BIGINT NOT NULL,
	entries TEXT NOT NULL,
	previous BYTEA NOT NULL,
	hash BYTEA NOT NULL,
	PRIMARY KEY (instance, number)
);
CREATE INDEX audit_at ON audit (at);
