"""Chroma for vectors and bm25s for words, fused by reciprocal rank: what one writes who has both."""
import importlib.metadata

import bm25s
import chromadb
import Stemmer

NAME = "chroma + bm25s"
SETTINGS = "Chroma on disk with its HNSW defaults, cosine; bm25s (Lucene's variant) with English stemming and stop words; 100 candidates each, fused by reciprocal rank (k 60)"
K = 60
CANDIDATES = 100
BATCH = 5000


def versions():
    return {name: importlib.metadata.version(name) for name in ("chromadb", "bm25s")}


class Peer:
    def __init__(self, directory, chunks, vectors):
        self.ids = [chunk["id"] for chunk in chunks]
        self.collection = chromadb.PersistentClient(directory).create_collection("chunks", configuration={"hnsw": {"space": "cosine"}})
        for start in range(0, len(chunks), BATCH):
            end = start + BATCH
            self.collection.add(ids=self.ids[start:end], embeddings=vectors[start:end], documents=[chunk["text"] for chunk in chunks[start:end]])
        self.stemmer = Stemmer.Stemmer("english")
        self.words = bm25s.BM25(method="lucene")
        self.words.index(self.tokens([chunk["text"] for chunk in chunks]), show_progress=False)

    def tokens(self, texts):
        return bm25s.tokenize(texts, stopwords="en", stemmer=self.stemmer, show_progress=False)

    def keyword(self, text, vector, limit):
        limit = min(limit, len(self.ids))
        found, scores = self.words.retrieve(self.tokens([text]), k=limit, show_progress=False)
        return [(self.ids[place], float(score)) for place, score in zip(found[0], scores[0]) if score > 0]

    def vector(self, text, vector, limit):
        found = self.collection.query(query_embeddings=[vector], n_results=limit, include=["distances"])
        return [(id, 1 - distance) for id, distance in zip(found["ids"][0], found["distances"][0])]

    def hybrid(self, text, vector, limit):
        fused = {}
        for leg in (self.keyword, self.vector):
            for rank, (id, _) in enumerate(leg(text, vector, CANDIDATES), 1):
                fused[id] = fused.get(id, 0.0) + 1 / (K + rank)
        return sorted(fused.items(), key=lambda found: -found[1])[:limit]
