//! Deletes what has expired or is needed no more, a bounded number at a time.

use comity_model::time::Utc;

use crate::{
    error::Result,
    handle::{Cloud, Tx},
    statement::{Statement, statements},
    value::values,
};

statements! { "sign_ins";
    SIGN_INS = "DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE expires <= $1 LIMIT 500)";
    SESSIONS = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires <= $1 LIMIT 500)";
    PUSHED = "DELETE FROM pushed_requests WHERE hash IN (SELECT hash FROM pushed_requests WHERE expires <= $1 LIMIT 500)";
    CODES = "DELETE FROM codes WHERE hash IN (SELECT hash FROM codes WHERE expires <= $1 LIMIT 500)";
    FAMILIES = "DELETE FROM token_families WHERE id IN (SELECT id FROM token_families WHERE expires <= $1 LIMIT 500)";
    ANSWERS = "UPDATE refresh_tokens SET successor_sealed = NULL WHERE hash IN \
        (SELECT hash FROM refresh_tokens WHERE successor_sealed IS NOT NULL AND used <= $1 LIMIT 500)";
    APP_SESSIONS = "DELETE FROM app_sessions WHERE hash IN (SELECT hash FROM app_sessions WHERE expires <= $1 LIMIT 500)";
    USED_IDS = "DELETE FROM used_ids WHERE (purpose, issuer, id) IN \
        (SELECT purpose, issuer, id FROM used_ids WHERE expires <= $1 LIMIT 500)";
    THROTTLES = "DELETE FROM throttles WHERE name IN (SELECT name FROM throttles WHERE expires <= $1 LIMIT 500)";
    COUNTERS = "DELETE FROM counters WHERE name IN (SELECT name FROM counters WHERE window_start <= $1 LIMIT 500)";
    LEASE_GRANTS = "DELETE FROM lease_grants WHERE hash IN (SELECT hash FROM lease_grants WHERE session_exp <= $1 LIMIT 500)";
    LEASES = "DELETE FROM leases WHERE (tenant_id, id) IN \
        (SELECT tenant_id, id FROM leases WHERE expires <= $1 LIMIT 500)";
    LINKS = "DELETE FROM password_links WHERE hash IN (SELECT hash FROM password_links WHERE expires <= $1 LIMIT 500)";
    MAILS = "DELETE FROM outbox_mails WHERE id IN (SELECT id FROM outbox_mails WHERE sent <= $1 LIMIT 500)";
    FAILED_MAILS = "DELETE FROM outbox_mails WHERE id IN \
        (SELECT id FROM outbox_mails WHERE failed IS NOT NULL AND created <= $1 LIMIT 500)";
}

const ALL: [(Statement, i64); 15] = [
    (SIGN_INS, 0),
    (SESSIONS, 0),
    (PUSHED, 600),
    // A reused code must still find the family it gave, for a day.
    (CODES, 24 * 3600),
    (FAMILIES, 24 * 3600),
    // What a repeated refresh is answered again, for ten seconds.
    (ANSWERS, 60),
    (APP_SESSIONS, 0),
    (USED_IDS, 0),
    (THROTTLES, 0),
    // The longest window is a day.
    (COUNTERS, 2 * 24 * 3600),
    (LEASE_GRANTS, 3600),
    // Longer than the families that refer to it.
    (LEASES, 2 * 24 * 3600),
    (LINKS, 24 * 3600),
    (MAILS, 7 * 24 * 3600),
    (FAILED_MAILS, 30 * 24 * 3600),
];

impl Cloud<'_, Tx> {
    /// Deletes some of what expired; how many rows. Call it again while it deletes.
    pub async fn clean_up(&self, now: Utc) -> Result<u64> {
        let mut deleted = 0;
        for (statement, grace) in ALL {
            deleted += self
                .write(statement, values![now.plus_seconds(-grace)])
                .await?;
        }
        Ok(deleted)
    }
}
