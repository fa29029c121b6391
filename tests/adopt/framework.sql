CREATE TABLE app_author (
    id serial PRIMARY KEY,
    name varchar(100) NOT NULL,
    slug varchar(50) NOT NULL,
    score smallint NOT NULL CHECK (score >= 0),
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX index_app_author_on_slug ON app_author (slug);
CREATE INDEX app_author_slug_like ON app_author (slug varchar_pattern_ops);
CREATE TABLE app_book (
    id bigserial PRIMARY KEY,
    title varchar(200) NOT NULL,
    state varchar(20) NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'used')),
    country char(2),
    published_on timestamp without time zone,
    author_id integer NOT NULL,
    CONSTRAINT app_book_author_id_fk_app_author_id FOREIGN KEY (author_id)
        REFERENCES app_author (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX app_book_author_id_idx ON app_book (author_id);
CREATE TABLE app_book_authors (
    id serial PRIMARY KEY,
    book_id bigint NOT NULL REFERENCES app_book (id) DEFERRABLE INITIALLY DEFERRED,
    author_id integer NOT NULL REFERENCES app_author (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT app_book_authors_uniq UNIQUE (book_id, author_id)
);
CREATE TABLE genres_books (
    book_id bigint NOT NULL REFERENCES app_book (id),
    genre varchar NOT NULL
);
CREATE TABLE auth_user (
    id serial PRIMARY KEY,
    username varchar(150) NOT NULL UNIQUE,
    password varchar(128) NOT NULL,
    last_login timestamptz
);
INSERT INTO app_author (name, slug, score, created_at, updated_at)
    VALUES ('Ada', 'ada', 3, '2020-01-02 03:04:05.678', '2020-01-02 03:04:05');
INSERT INTO app_book (title, author_id, country, published_on)
    VALUES ('One', 1, 'DE', '1999-12-31 23:59:59');
INSERT INTO app_book_authors (book_id, author_id) VALUES (1, 1);
INSERT INTO auth_user (username, password) VALUES ('root', 'hash');
