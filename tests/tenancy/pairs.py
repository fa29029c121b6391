"""What row-level security of tables of pairs costs: `python -m tests.tenancy.pairs`.

One table of pairs without a policy, one whose policy looks at the rows of both ends, and one with a
tenant of its own; 50 tenants, 200,000 pairs.
"""

from __future__ import annotations

import asyncio
import time

import asyncpg  # type: ignore[import-untyped, unused-ignore]

from tests.support.running import scratch_database, scratch_servers

TENANT = "tenant = NULLIF(CURRENT_SETTING('app.tenant', TRUE), '')::INTEGER"
KINDS = ("bare", "looked_up", "own_tenant")
SETUP = f"""
CREATE TABLE tickets (id integer PRIMARY KEY, tenant integer NOT NULL);
CREATE TABLE labels (id integer PRIMARY KEY, tenant integer NOT NULL);
INSERT INTO tickets SELECT n, n % 50 FROM generate_series(1, 50000) n;
INSERT INTO labels SELECT n, n % 50 FROM generate_series(1, 5000) n;
CREATE TABLE bare (
    ticket_id integer REFERENCES tickets ON DELETE CASCADE,
    label_id integer REFERENCES labels ON DELETE CASCADE,
    PRIMARY KEY (ticket_id, label_id));
INSERT INTO bare SELECT n, 50 * k + n % 50 FROM generate_series(51, 50000) n,
    LATERAL (SELECT 1 + (n / 50 + 7 * m) % 98 AS k FROM generate_series(0, 3) m) l;
CREATE INDEX ON bare (label_id);
CREATE TABLE looked_up (LIKE bare INCLUDING ALL);
INSERT INTO looked_up TABLE bare;
CREATE TABLE own_tenant (LIKE bare INCLUDING ALL, tenant integer NOT NULL);
INSERT INTO own_tenant SELECT p.*, t.tenant FROM bare p JOIN tickets t ON t.id = p.ticket_id;
ALTER TABLE looked_up
    ADD FOREIGN KEY (ticket_id) REFERENCES tickets, ADD FOREIGN KEY (label_id) REFERENCES labels;
ALTER TABLE tickets ADD UNIQUE (tenant, id);
ALTER TABLE labels ADD UNIQUE (tenant, id);
ALTER TABLE own_tenant ADD FOREIGN KEY (tenant, ticket_id) REFERENCES tickets (tenant, id),
    ADD FOREIGN KEY (tenant, label_id) REFERENCES labels (tenant, id);
CREATE INDEX ON tickets (tenant);
CREATE INDEX ON labels (tenant);
CREATE POLICY tenant ON tickets USING ({TENANT});
CREATE POLICY tenant ON labels USING ({TENANT});
CREATE POLICY tenant ON own_tenant USING ({TENANT});
CREATE POLICY tenant ON looked_up USING (
    EXISTS (SELECT FROM tickets, labels WHERE tickets.id = looked_up.ticket_id
        AND labels.id = looked_up.label_id AND tickets.tenant = labels.tenant));
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE labels ENABLE ROW LEVEL SECURITY;
ALTER TABLE looked_up ENABLE ROW LEVEL SECURITY;
ALTER TABLE own_tenant ENABLE ROW LEVEL SECURITY;
DROP ROLE IF EXISTS plain_pairs;
CREATE ROLE plain_pairs;
GRANT ALL ON ALL TABLES IN SCHEMA public TO plain_pairs;
ANALYZE;
"""
PAGE = """
SELECT json_agg(r) FROM (SELECT t.id, (SELECT coalesce(json_agg(p.label_id), '[]') FROM {kind} p
    JOIN labels l ON l.id = p.label_id WHERE p.ticket_id = t.id) FROM tickets t
    WHERE t.tenant = 7 AND t.id > $1 ORDER BY t.id LIMIT 20) r
"""
ALL = """
SELECT count(*) FROM {kind} p JOIN tickets t ON t.id = p.ticket_id WHERE t.tenant = 7 AND 0 < $1
"""
PAIRS = "INSERT INTO {kind} VALUES {values} ON CONFLICT DO NOTHING"


async def measure(url: str) -> None:
    """Print the time of each kind of statement, in microseconds."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(SETUP)
    await connection.execute("SET ROLE plain_pairs; SET app.tenant = '7'")
    for name, query, rounds in (("page of 20", PAGE, 2000), ("all of a tenant", ALL, 200)):
        for kind in KINDS * 2:
            statement = await connection.prepare(query.format(kind=kind))
            begun = time.perf_counter()
            for number in range(rounds):
                await statement.fetchval(1 + 50 * (number % 900))
            print(name, kind, round((time.perf_counter() - begun) / rounds * 1e6), "us")
    for kind in KINDS * 2:
        own = ", 7" if kind == "own_tenant" else ""
        begun = time.perf_counter()
        for number in range(200):
            values = ", ".join(f"({7 + 50 * number}, {7 + 50 * n}{own})" for n in range(10))
            stored = PAIRS.format(kind=kind, values=values)
            await connection.execute(f"BEGIN; {stored}; ROLLBACK")
        print("10 new pairs", kind, round((time.perf_counter() - begun) / 200 * 1e6), "us")
    await connection.execute("RESET ROLE; DROP OWNED BY plain_pairs; DROP ROLE plain_pairs")
    await connection.close()


if __name__ == "__main__":
    with scratch_servers() as servers, scratch_database(servers) as url:
        asyncio.run(measure(url))
