"""LanceDB: its own full-text index, exact vector search, and its hybrid search, which fuses by reciprocal rank."""
import importlib.metadata

import lancedb
import pyarrow
from lancedb.rerankers import RRFReranker

NAME = "lancedb"
SETTINGS = "full-text index with English stemming and stop words; vectors searched exactly, by cosine; hybrid by its RRFReranker (k 60)"


def versions():
    return {"lancedb": importlib.metadata.version("lancedb")}


class Peer:
    def __init__(self, directory, chunks, vectors):
        column = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(vectors.reshape(-1)), vectors.shape[1])
        columns = {
            "id": [chunk["id"] for chunk in chunks],
            "text": [chunk["text"] for chunk in chunks],
            "vector": column,
        }
        self.table = lancedb.connect(directory).create_table("chunks", pyarrow.table(columns))
        self.table.create_fts_index("text", language="English", stem=True, remove_stop_words=True, ascii_folding=True)
        self.reranker = RRFReranker(K=60)

    def keyword(self, text, vector, limit):
        rows = self.table.search(text, query_type="fts").limit(limit).select(["id", "_score"]).to_list()
        return [(row["id"], row["_score"]) for row in rows]

    def vector(self, text, vector, limit):
        rows = self.table.search(vector, query_type="vector").distance_type("cosine").limit(limit).select(["id", "_distance"]).to_list()
        return [(row["id"], 1 - row["_distance"]) for row in rows]

    def hybrid(self, text, vector, limit):
        search = self.table.search(query_type="hybrid").vector(vector).text(text).distance_type("cosine")
        rows = search.rerank(self.reranker).limit(max(limit, 100)).to_arrow().select(["id", "_relevance_score"]).to_pylist()
        return [(row["id"], row["_relevance_score"]) for row in rows[:limit]]
