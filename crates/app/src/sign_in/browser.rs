//! The browser's session as it came in (sessions.md): who is signed in there, and who may be meant.

use comity_model::{
    id::Id,
    session::{Session, SessionAccount},
    sign_in::{Purpose, SignInData},
    tenant::Tenant,
};

use crate::{
    context::{Context, hash_bearer},
    error::Result,
};

/// A browser's session as it came in: the cookie's session and the accounts that still live.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    pub session: Option<(Session, i64)>,
}

impl Browser {
    /// Finds the session of a `__Host-session` cookie. An unknown, expired or absent one is none.
    pub async fn load(cx: &Context, cookie: Option<&str>) -> Result<Self> {
        let Some(cookie) = cookie else {
            return Ok(Self::default());
        };
        let found = cx
            .app
            .store()
            .read()
            .cloud()
            .sessions()
            .find_by_hash(&hash_bearer(cookie))
            .await?;
        Ok(Self {
            session: found.filter(|(s, _)| s.expires > cx.now),
        })
    }

    /// Accounts signed in to a tenant, or all.
    pub fn accounts(&self, tenant: Option<Id<Tenant>>) -> impl Iterator<Item = &SessionAccount> {
        self.session
            .iter()
            .flat_map(|(s, _)| &s.accounts)
            .filter(move |a| tenant.is_none_or(|t| t == a.tenant))
    }

    /// Accounts that a sign-in may be about. For another tenant, and where no organization is named,
    /// only those that are kept here: a guest's account is her home's to vouch for (§3.6).
    pub fn offered<'a>(
        &'a self,
        data: &SignInData,
    ) -> impl Iterator<Item = &'a SessionAccount> + use<'a> {
        let kept_here = data.tenant.is_none() || matches!(data.purpose, Purpose::Crossing { .. });
        self.accounts(data.tenant)
            .filter(move |a| !kept_here || a.home.is_none())
    }

    /// The account with that session ID.
    pub fn account(&self, sid: &str) -> Option<&SessionAccount> {
        self.accounts(None).find(|a| a.sid == sid)
    }
}

#[cfg(test)]
mod tests {
    use super::Browser;
    use crate::crossing::fixture;
    use comity_model::{
        federation::AssertionFacts,
        id::Id,
        session::{Session, SessionAccount},
        sign_in::{Purpose, SignInData},
        tenant::Tenant,
        time::Utc,
    };
    use uuid::Uuid;

    const AT: Utc = Utc::from_seconds(0);

    fn tenant(number: u128) -> Id<Tenant> {
        Id::new(Uuid::from_u128(number))
    }

    fn account(sid: &str, of: u128, home: Option<AssertionFacts>) -> SessionAccount {
        SessionAccount {
            tenant: tenant(of),
            user: Id::new(Uuid::from_u128(1)),
            sid: sid.into(),
            methods: Vec::new(),
            signed_in: AT,
            home,
        }
    }

    fn crossing() -> Purpose {
        Purpose::Crossing {
            pushed: Box::new(fixture::pushed()),
            same_cloud: false,
        }
    }

    #[test]
    fn a_guest_is_offered_where_she_is_a_guest_and_nowhere_as_one_at_home() {
        let session = Session {
            id: Id::new(Uuid::nil()),
            created: AT,
            expires: AT,
            persistent: false,
            accounts: vec![
                account("member", 1, None),
                account("guest", 1, Some(fixture::asserted())),
                account("elsewhere", 2, None),
            ],
        };
        let browser = Browser {
            session: Some((session, 1)),
        };
        let redemption = || Purpose::Redemption {
            invitation: Id::new(Uuid::nil()),
        };
        for (purpose, of, expected) in [
            (redemption(), Some(tenant(1)), &["member", "guest"][..]),
            (redemption(), Some(tenant(3)), &[]),
            (redemption(), None, &["member", "elsewhere"]),
            (crossing(), Some(tenant(1)), &["member"]),
        ] {
            let data = SignInData::new(purpose, of, Uuid::nil());
            let offered: Vec<_> = browser.offered(&data).map(|a| a.sid.as_str()).collect();
            assert_eq!(offered, expected, "{data:?}");
        }
    }
}
