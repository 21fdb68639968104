-- Expands: questions with judged documents, what search configurations made of them, and what a base does not let itself lose.

CREATE TABLE test_sets (
    tenant_id         uuid NOT NULL,
    id                uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    name              text NOT NULL,
    -- Grows with every change of its questions and judgements: evaluations of one revision asked the same.
    revision          bigint NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, knowledge_base_id, id),
    FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES knowledge_bases (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX test_sets_name ON test_sets (tenant_id, knowledge_base_id, name);
CALL protect_tenant_table('test_sets');

CREATE TABLE test_questions (
    tenant_id         uuid NOT NULL,
    id                uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    test_set_id       uuid NOT NULL,
    query             text NOT NULL,
    -- Whether somebody gave it, or it was drawn from what clients asked.
    origin            text NOT NULL CHECK (origin IN ('given', 'sampled')),
    -- Null: nobody has said yet what is relevant to it.
    judged_at         timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, knowledge_base_id, id),
    FOREIGN KEY (tenant_id, knowledge_base_id, test_set_id) REFERENCES test_sets (tenant_id, knowledge_base_id, id) ON DELETE CASCADE
);
-- A question stands in a set once. By its digest: an index entry has no room for a long one.
CREATE UNIQUE INDEX test_questions_query ON test_questions (tenant_id, test_set_id, md5(query));
CREATE INDEX test_questions_of_set ON test_questions (tenant_id, test_set_id, id);
CALL protect_tenant_table('test_questions');

-- How relevant a document is. One that is named by its id goes with the document; one that is named as the client calls it stays, and counts
-- as not found while there is no such document.
CREATE TABLE judgements (
    tenant_id         uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    question_id       uuid NOT NULL,
    ordinal           integer NOT NULL,
    document_id       uuid,
    external_id       text,
    relevance         integer NOT NULL CHECK (relevance >= 0),
    PRIMARY KEY (tenant_id, question_id, ordinal),
    CHECK (num_nonnulls(document_id, external_id) = 1),
    FOREIGN KEY (tenant_id, knowledge_base_id, question_id) REFERENCES test_questions (tenant_id, knowledge_base_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, knowledge_base_id, document_id) REFERENCES documents (tenant_id, knowledge_base_id, id) ON DELETE CASCADE
);
CREATE INDEX judgements_of_document ON judgements (tenant_id, document_id) WHERE document_id IS NOT NULL;
CALL protect_tenant_table('judgements');

-- One run of a test set under one or two configurations. Its id is its job's.
CREATE TABLE evaluations (
    tenant_id         uuid NOT NULL,
    id                uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    test_set_id       uuid NOT NULL,
    -- A list of one or two, as the job has them.
    configurations    jsonb NOT NULL,
    -- Of the test set and of the base when its first attempt began.
    revision          bigint,
    index_seq         bigint,
    -- Its job's result, once it has ended.
    result            jsonb,
    created_at        timestamptz NOT NULL DEFAULT now(),
    ended_at          timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, knowledge_base_id, test_set_id) REFERENCES test_sets (tenant_id, knowledge_base_id, id) ON DELETE CASCADE
);
CREATE INDEX evaluations_of_set ON evaluations (tenant_id, test_set_id, id);
CALL protect_tenant_table('evaluations');

-- What each configuration scored on one question: a list in their order. A later attempt asks only what is not here.
CREATE TABLE evaluation_questions (
    tenant_id     uuid NOT NULL,
    evaluation_id uuid NOT NULL,
    question_id   uuid NOT NULL,
    scores        jsonb NOT NULL,
    PRIMARY KEY (tenant_id, evaluation_id, question_id),
    FOREIGN KEY (tenant_id, evaluation_id) REFERENCES evaluations (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, question_id) REFERENCES test_questions (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX evaluation_questions_of_question ON evaluation_questions (tenant_id, question_id);
CALL protect_tenant_table('evaluation_questions');

-- The test set on which a change of the base's search settings must not lose.
CREATE TABLE evaluation_gates (
    tenant_id         uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    test_set_id       uuid NOT NULL,
    metric            text NOT NULL CHECK (metric IN ('ndcg@10', 'recall@10', 'recall@50', 'mrr@10')),
    max_loss          double precision NOT NULL CHECK (max_loss BETWEEN 0 AND 1),
    set_at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, knowledge_base_id),
    FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES knowledge_bases (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, knowledge_base_id, test_set_id) REFERENCES test_sets (tenant_id, knowledge_base_id, id)
);
CREATE INDEX evaluation_gates_of_set ON evaluation_gates (tenant_id, knowledge_base_id, test_set_id);
CALL protect_tenant_table('evaluation_gates');

-- Changes of search settings that were made past a gate, and why. Nothing changes or deletes a row while the base is there.
CREATE TABLE gate_overrides (
    tenant_id         uuid NOT NULL,
    id                uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    reason            text NOT NULL,
    api_key_id        uuid NOT NULL,
    before            jsonb NOT NULL,
    after             jsonb NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES knowledge_bases (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX gate_overrides_of_base ON gate_overrides (tenant_id, knowledge_base_id, id);
CALL protect_tenant_table('gate_overrides');
