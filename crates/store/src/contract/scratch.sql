CREATE TABLE scratch (
    id {int} NOT NULL,
    state {int} NOT NULL DEFAULT 0,
    word {text},
    flag {bool},
    guid {uuid},
    data {bytes},
    doc {json},
    at {timestamp},
    CONSTRAINT scratch_pkey PRIMARY KEY (id)
) {table};
CREATE UNIQUE INDEX scratch_word ON scratch (word, flag) WHERE state < 5;
CREATE UNIQUE INDEX scratch_expression ON scratch ((doc ->> 'unique'));
CREATE TABLE scratch_child (
    id {int} NOT NULL,
    parent {int} NOT NULL REFERENCES scratch (id) ON DELETE CASCADE,
    CONSTRAINT scratch_child_pkey PRIMARY KEY (id)
) {table};
