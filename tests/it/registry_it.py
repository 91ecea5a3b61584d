# SPDX-License-Identifier: ISC
"""What the tests of the registry share: a testbed with authorities, users who sign with their own keys, and a server."""
import base64
import contextlib
import json
import os
import re
import sqlite3
import subprocess

from ccfed_it import PATIENCE, Failure, GidSigner, Skip, expect_equal, message, body_of

# a SubjectPublicKeyInfo of P-256 up to the point
P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.S)


def drop_database(server, name):
    subprocess.run(["psql", "-X", "-q", "-c", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", server],
                   stdin=subprocess.DEVNULL, capture_output=True, check=False)


class Refused(Exception):
    """An `error` of the registry."""

    def __init__(self, body):
        super().__init__(f"{body.get('fault')}: {body.get('msg')}")
        self.body = body
        self.fault = body.get("fault")
        self.code = body.get("code")
        self.rule = body.get("rule")
        self.msg = body.get("msg")


class Principal:
    """Somebody with a key: a user, an authority, a node."""

    def __init__(self, bed, hrn, kind="user", bits=None):
        self.bed, self.hrn, self.kind = bed, hrn, kind
        self.folder = bed.folder / f"{hrn}.{kind}".replace("\\", "_")
        self.folder.mkdir(exist_ok=True)
        self.key = self.folder / "key.pem"
        self.self_signed = self.folder / "self.pem"
        self.gid = self.folder / "gid.pem"
        # keys of P-256 where a test does not ask for RSA: they are made a hundred times faster; both in one process
        form = ["rsa", "-pkeyopt", f"rsa_keygen_bits:{bits}"] if bits else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        bed.openssl("req", "-new", "-x509", "-newkey", *form, "-nodes", "-keyout", self.key, "-subj", f"/CN={hrn}",
                    "-days", "30", "-out", self.self_signed)
        self.signer = None
        self.own = None

    def point(self):
        """The public key of P-256 as it stands in the certificate; None for RSA."""
        der = base64.b64decode("".join(self.self_signed.read_text().split("-----")[2].split()))
        at = der.find(P256)
        return der[at + len(P256):][:65] if at >= 0 else None

    def public_key(self):
        point = self.point()
        if point:
            text = base64.b64encode(P256 + point).decode()
            lines = [text[at:at + 64] for at in range(0, len(text), 64)]
            return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])
        return self.bed.openssl("pkey", "-in", self.key, "-pubout").decode()

    def ssh_key(self):
        point = self.point()
        if point:
            parts = (b"ecdsa-sha2-nistp256", b"nistp256", point)
            return f"{parts[0].decode()} " + base64.b64encode(b"".join(len(p).to_bytes(4, "big") + p for p in parts)).decode()
        public = self.folder / "key.pub"
        public.write_text(self.public_key())
        done = subprocess.run(["ssh-keygen", "-i", "-m", "PKCS8", "-f", str(public)], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def csr(self):
        return self.bed.openssl("req", "-new", "-key", self.key, "-subj", "/CN=x").decode()

    def use_gid(self, chain):
        self.gid.write_text(chain)
        self.signer = GidSigner(self.gid, self.key)
        return self

    def use_self_signed(self):
        self.signer = GidSigner(self.self_signed, self.key)
        return self

    def call(self, operation, /, **arguments):
        return self.bed.call(self.signer, operation, **arguments)

    def refused(self, fault, operation, /, **arguments):
        return self.bed.refused(fault, self.signer, operation, **arguments)

    def credential(self):
        """On himself; asked for once."""
        if self.own is None:
            self.own = self.bed.call(GidSigner(self.self_signed, self.key), "get_self_credential", hrn=self.hrn, type=self.kind)
        return self.own

    def credential_on(self, kind, hrn):
        return self.call("get_credential", hrn=hrn, type=kind, credentials=[self.credential()])

    def certs(self):
        """As a front door states a caller."""
        text = (self.gid if self.gid.exists() else self.self_signed).read_text()
        return [base64.b64encode(base64.b64decode("".join(pem.split("-----")[2].split()))).decode() for pem in PEM.findall(text)]


class Authority(Principal):
    """Who acts with an authority's own key."""

    def __init__(self, bed, hrn, where=None):  # pylint: disable=super-init-not-called
        self.bed, self.hrn, self.kind, self.own = bed, hrn, "authority", None
        labels = hrn.split(".")
        folder = (where or bed.authorities).joinpath(*labels)
        self.folder = folder
        self.gid = self.self_signed = folder / f"{labels[-1]}.gid"
        self.key = folder / f"{labels[-1]}.pkey"
        self.signer = GidSigner(self.gid, self.key)


def fresh_store(lab):
    """The URL of an empty store: a file, or, with CCFED_IT_STORE=postgresql, a database of CCFED_TEST_PG's server."""
    if os.environ.get("CCFED_IT_STORE") != "postgresql":
        return f"sqlite:{lab.folder / 'plc.db'}"
    server = os.environ.get("CCFED_TEST_PG")
    if not server:
        raise Skip("no PostgreSQL: CCFED_TEST_PG is not set")
    name = f"it_{os.urandom(6).hex()}"
    done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", f"CREATE DATABASE {name} TEMPLATE template0", server],
                          capture_output=True, text=True, check=False)
    expect_equal(done.returncode, 0, f"CREATE DATABASE: {done.stderr}")
    lab.afterwards.append(lambda: drop_database(server, name))
    address, _, options = server.partition("?")
    return f"{address.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")


class Bed:
    """A registry for plc with one site, its people, and the server that runs it."""

    behind = False  # whether clients reach the registry through another remote ccserver and its proxy

    def __init__(self, lab, store=None, options=None, policy=None, sections=None, realm=None):
        self.lab, self.folder, self.realm = lab, lab.folder, realm
        self.openssl = lab.openssl
        self.authorities = lab.folder / "authorities"
        self.roots = lab.folder / "roots"
        self.roots.mkdir(mode=0o755)
        self.make_authority("plc")
        self.store = store or fresh_store(lab)
        self.server = self.make_server(options or {}, policy or {}, sections or {})
        self.people = {}

    def make_authority(self, hrn, where=None):
        done = self.lab.ccfed("authority", "create", hrn, "--dir", where or self.authorities)
        expect_equal(done.returncode, 0, f"authority create {hrn}: {done.stderr}")

    def make_server(self, options, policy, sections):
        registry = {"handler": "registry", "store": self.store, "authorities": self.authorities, "hrn": "plc",
                    "roots": self.roots, "deadline": "20", **options}
        sections = {"routes": {"reg": "h:registry", "pub.inventory": "h:registry", "echo": "h:echo"}, "h_registry": registry,
                    "h_echo": {"handler": "echo"},
                    "policy": {"reg": "gid, urn:publicid:IDN+it+service+door", "echo": "any",
                               "pub.inventory": "any", "admin": "any", **policy}, **sections}
        self.lab.crypto("door", True)
        realm = {"cc-realm": self.realm} if self.realm else {}
        return self.lab.server("registry", ccserver={"cc-role": "remote", "workers": "2", **realm, **self.lab.crypto("remote", True)},
                               **sections)

    def make_front(self):
        """The registry split off: this server has a proxy where it was."""
        routes = dict.fromkeys(("reg", "pub.inventory"), "h:proxy")
        proxy = {"handler": "proxy", "remote-cc": self.server.url, "ping": "yes"}
        return self.lab.server("front", ccserver={"cc-role": "remote", **self.lab.crypto("front", True)},
                               routes={**routes, "echo": "h:echo"}, h_proxy=proxy, h_echo={"handler": "echo"},
                               policy=self.server.sections["policy"]).start()

    def start(self):
        self.server.start()
        self.front = self.make_front() if self.behind else self.server
        self.dealer = self.lab.dealer(self.front)
        self.plc = Authority(self, "plc")
        # a server answers before its registry has made the store
        self.call(self.plc.signer, "get_version")
        return self

    def ask(self, signer, operation, /, seconds=30, **fields):
        """The body of the answer, and its type."""
        kind = f"reg.{operation}"
        frames = message(kind, body_of(kind, **{"deadline": int(seconds * 1000), "to": self.realm, **fields}), signer)
        answer = self.dealer.ask(frames, seconds)
        if answer is None:
            raise Failure(f"no answer to {kind}")
        return answer[0].decode(), json.loads(answer[1])

    def call(self, signer, operation, /, **arguments):
        kind, body = self.ask(signer, operation, **arguments)
        if kind == "error":
            raise Refused(body)
        expect_equal(kind, f"reply.reg.{operation}", "type of the answer")
        return body["value"]

    def refused(self, fault, signer, operation, /, rule=None, **arguments):
        """It must be refused, and for this reason: a fault and, where trust refuses, its rule."""
        try:
            value = self.call(signer, operation, **arguments)
        except Refused as why:
            expect_equal((why.fault, why.rule), (fault, rule), f"{operation}: {why.msg}")
            return why
        raise Failure(f"{operation} was not refused as {fault}: it answered {str(value)[:200]}")

    def authority(self, hrn):
        """Registers an authority, on the word of the one above."""
        above = Authority(self, hrn.rpartition(".")[0])
        above.call("register", record={"hrn": hrn, "type": "authority"}, credentials=[above.credential()])
        return Authority(self, hrn)

    def user(self, hrn, bits=None, **fields):
        """Registers a user with a fresh key, on the word of the authority above."""
        above = Authority(self, hrn.rpartition(".")[0])
        user = Principal(self, hrn, bits=bits)
        record = {"hrn": hrn, "type": "user", "reg-keys": [user.ssh_key()], "email": f"{hrn.rpartition('.')[2]}@example.net", **fields}
        return user.use_gid(above.call("register", record=record, credentials=[above.credential()]))

    def slice(self, hrn, *researchers, **fields):
        above = Authority(self, hrn.rpartition(".")[0])
        record = {"hrn": hrn, "type": "slice", "reg-researchers": list(researchers), **fields}
        return above.call("register", record=record, credentials=[above.credential()])

    def node(self, hrn, epoch="e1", **fields):
        """A node that has joined, by a token from the authority above."""
        above = Authority(self, hrn.rpartition(".")[0])
        above.call("register", record={"hrn": hrn, "type": "node", **fields}, credentials=[above.credential()])
        node = Principal(self, hrn, "node").use_self_signed()
        token = above.call("node_token", hrn=hrn, credentials=[above.credential()])
        node.joined = node.call("join", token=token, epoch=epoch, csr=node.csr(), hostname=f"{hrn}.example")
        return node.use_gid(node.joined["gid"])

    def resolve(self, hrn, kind=None, **options):
        plc = self.plc
        return plc.call("resolve", hrns=[hrn], credentials=[plc.credential()], options=options,
                        **({"type": kind} if kind else {}))

    def gid_of(self, hrn, kind):
        """File with the GID of a record; a principal's own file where there is one."""
        path = self.folder / f"{hrn}.{kind}.gid".replace("\\", "_")
        path.write_text(self.resolve(hrn, kind)[0]["gid"])
        return path

    def grant(self, owner, target, *privileges, authority=None, delegate=True, where=None, days=None, expires=None):
        """A credential as an authority signs it, whatever get_credential would say. owner, target: files with GIDs."""
        words = ["cred", "make", "--authority", authority or "plc", "--dir", where or self.authorities, "--owner", owner,
                 "--target", target]
        words += ["--privilege", ",".join(privileges)] if privileges else []
        words += [] if delegate else ["--no-delegate"]
        words += ["--days", days] if days else []
        words += ["--expires", expires] if expires else []
        done = self.lab.ccfed(*words)
        expect_equal(done.returncode, 0, f"cred make for {owner.name} on {target.name}: {done.stderr}")
        return done.stdout

    def delegate(self, owner, credential, to, *privileges, no_delegate=False):
        path = self.folder / f"delegated-{os.urandom(4).hex()}.cred"
        path.write_text(credential)
        words = ["cred", "delegate", "--key", owner.key, "--to", to.gid]
        words += ["--privilege", ",".join(privileges)] if privileges else []
        words += ["--no-delegate"] if no_delegate else []
        done = self.lab.ccfed(*words, path)
        expect_equal(done.returncode, 0, f"cred delegate: {done.stderr}")
        return done.stdout

    def sql(self, query):
        """The first column of what a query of the store gives."""
        if not self.store.startswith("sqlite:"):
            done = subprocess.run(["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", query, self.store],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            expect_equal(done.returncode, 0, f"{query}: {done.stderr}")
            return done.stdout.splitlines()
        with contextlib.closing(sqlite3.connect(self.store.removeprefix("sqlite:"), timeout=PATIENCE)) as db, db:
            # names have PostgreSQL's collation of octets
            db.create_collation("C", lambda a, b: (a.encode() > b.encode()) - (a.encode() < b.encode()))
            return [str(row[0]) for row in db.execute(query)]

    def check(self):
        """The server is alive, answers, and no sanitizer has said anything."""
        expect_equal(self.server.process.poll(), None, "the server ended with")
        self.call(self.plc.signer, "get_version")
        self.server.check_sanitizer()
