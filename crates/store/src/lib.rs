//! One SQL dialect over SQLite and PostgreSQL.
