-- What an aggregate promised. Times are seconds since 1970, 0: never.

-- What of a node is promised. used: slots; holders: slivers; exclusive: the slice that has it for itself,
-- '' for none. No oversell rests on conditional updates of these rows: how many slots there are, a node
-- says of itself.
CREATE TABLE component (
	urn TEXT COLLATE "C" PRIMARY KEY,
	used BIGINT NOT NULL CHECK (used >= 0),
	holders BIGINT NOT NULL CHECK (holders >= 0),
	exclusive TEXT COLLATE "C" NOT NULL
);

-- slices are called as their URNs compare: in lower case
CREATE TABLE slice_shut (
	slice TEXT COLLATE "C" PRIMARY KEY,
	at BIGINT NOT NULL,
	who TEXT NOT NULL
);

-- the RSpecs that slivers came from, for their manifests
CREATE TABLE request (
	id BIGINT PRIMARY KEY,
	slice TEXT COLLATE "C" NOT NULL,
	slivers BIGINT NOT NULL CHECK (slivers >= 0),
	document TEXT NOT NULL
);

-- generation: of the last command for its node. users: JSON, who may log in; login: JSON, what the node
-- said of how. why: of geni_failed.
CREATE TABLE sliver (
	urn TEXT COLLATE "C" PRIMARY KEY,
	slice TEXT COLLATE "C" NOT NULL,
	slice_urn TEXT NOT NULL,
	owner TEXT NOT NULL,
	request BIGINT NOT NULL REFERENCES request (id),
	client_id TEXT COLLATE "C" NOT NULL,
	component TEXT COLLATE "C" NOT NULL,
	type TEXT NOT NULL,
	image TEXT NOT NULL,
	hardware TEXT NOT NULL,
	slots BIGINT NOT NULL,
	exclusive BIGINT NOT NULL,
	allocation TEXT COLLATE "C" NOT NULL CHECK (allocation IN ('geni_allocated', 'geni_provisioned')),
	operational TEXT COLLATE "C" NOT NULL,
	why TEXT NOT NULL,
	generation BIGINT NOT NULL,
	made BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	users TEXT NOT NULL,
	login TEXT NOT NULL,
	UNIQUE (slice, client_id)
);
CREATE INDEX sliver_expires ON sliver (expires);
CREATE INDEX sliver_component ON sliver (component, expires);
CREATE INDEX sliver_request ON sliver (request);

-- what nodes must do, in this order, until they said that they did
CREATE TABLE outbox (
	id BIGINT PRIMARY KEY,
	component TEXT COLLATE "C" NOT NULL,
	sliver TEXT COLLATE "C" NOT NULL,
	generation BIGINT NOT NULL,
	command TEXT COLLATE "C" NOT NULL,
	made BIGINT NOT NULL
);
CREATE INDEX outbox_sliver ON outbox (sliver);

-- slivers that were deleted, as long as a node may still say that it has them
CREATE TABLE tombstone (
	sliver TEXT COLLATE "C" PRIMARY KEY,
	component TEXT COLLATE "C" NOT NULL,
	generation BIGINT NOT NULL,
	until BIGINT NOT NULL
);
CREATE INDEX tombstone_until ON tombstone (until);

-- who accepted the terms of use, of which version
CREATE TABLE terms (
	name TEXT COLLATE "C" PRIMARY KEY,
	urn TEXT NOT NULL,
	version TEXT NOT NULL,
	accepted BIGINT NOT NULL,
	until BIGINT NOT NULL
);
