-- Records of principals. Times are seconds since 1970, 0: never.

-- name: the HRN as names compare (authorities, slices and users in lower case); authority: the same of
-- the authority above, '' for a top one. gid: PEM chain, '' until it is first asked for; public_key: of a
-- GID to be made. key_hash: SHA-256 of the GID's key: one key, one name. version: counts
-- the changes, so that none is made on what was not seen.
CREATE TABLE record (
	id BIGINT PRIMARY KEY,
	name TEXT COLLATE "C" NOT NULL,
	type TEXT COLLATE "C" NOT NULL CHECK (type IN ('authority', 'user', 'slice', 'node')),
	authority TEXT COLLATE "C" NOT NULL,
	hrn TEXT NOT NULL,
	urn TEXT NOT NULL,
	uuid TEXT NOT NULL,
	email TEXT NOT NULL,
	pointer BIGINT NOT NULL,
	gid TEXT NOT NULL,
	public_key TEXT NOT NULL,
	key_hash BYTEA,
	info TEXT NOT NULL,
	created BIGINT NOT NULL,
	updated BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	version BIGINT NOT NULL,
	UNIQUE (name, type)
);
CREATE UNIQUE INDEX record_key_hash ON record (key_hash) WHERE key_hash IS NOT NULL;
CREATE INDEX record_authority ON record (authority, name, type);

CREATE TABLE ssh_key (
	record BIGINT NOT NULL REFERENCES record (id) ON DELETE CASCADE,
	position BIGINT NOT NULL,
	line TEXT NOT NULL,
	PRIMARY KEY (record, position)
);

-- who is what of whom: researcher of a slice, pi and operator of an authority, operator of a node
CREATE TABLE relation (
	object BIGINT NOT NULL REFERENCES record (id) ON DELETE CASCADE,
	role TEXT COLLATE "C" NOT NULL CHECK (role IN ('researcher', 'pi', 'operator')),
	subject BIGINT NOT NULL REFERENCES record (id) ON DELETE CASCADE,
	PRIMARY KEY (object, role, subject)
);
CREATE INDEX relation_subject ON relation (subject, role, object);

-- of slices: what tickets are made from
CREATE TABLE attribute (
	record BIGINT NOT NULL REFERENCES record (id) ON DELETE CASCADE,
	position BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (record, position)
);

-- a promise is a row before it leaves; it outlives its slice
CREATE TABLE ticket (
	serial TEXT COLLATE "C" PRIMARY KEY,
	slice TEXT COLLATE "C" NOT NULL,
	owner TEXT NOT NULL,
	component TEXT COLLATE "C" NOT NULL,
	epoch TEXT NOT NULL,
	issued BIGINT NOT NULL,
	redeem_before BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	document TEXT NOT NULL
);
CREATE INDEX ticket_slice ON ticket (slice, issued);
CREATE INDEX ticket_component ON ticket (component, issued);

-- a node that joined
CREATE TABLE node (
	record BIGINT PRIMARY KEY REFERENCES record (id) ON DELETE CASCADE,
	epoch TEXT NOT NULL,
	joined BIGINT NOT NULL,
	seen BIGINT NOT NULL,
	inventory TEXT NOT NULL
);

-- hash: SHA-256 of the token, which is not kept
CREATE TABLE join_token (
	hash BYTEA PRIMARY KEY,
	record BIGINT NOT NULL REFERENCES record (id) ON DELETE CASCADE,
	made BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	used BIGINT NOT NULL
);
CREATE INDEX join_token_record ON join_token (record);

-- work on several rows that was begun and can be gone on with: import
CREATE TABLE job (
	name TEXT COLLATE "C" PRIMARY KEY,
	state TEXT NOT NULL,
	updated BIGINT NOT NULL
);
