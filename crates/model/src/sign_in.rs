//! A sign-in under way: one stored record, bound to one browser, used once (sessions.md).
//!
//! The next step is always computed by `policy::sign_in::next_step` from this record and what is
//! true now; steps never route to one another.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    application::Platform,
    federation::{ApplicationPair, AssertionFacts, HomeTenant, PushedCrossing},
    id::Id,
    invitation::Invitation,
    secret::Hashed,
    session::{MethodUse, Session},
    tenant::Tenant,
    time::Utc,
    user::User,
};

/// How the answer goes back to the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

/// What the application wants the person to see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    #[default]
    Auto,
    None,
    Login,
    SelectAccount,
    Consent,
}

/// An authorization request of an application, validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationRequest {
    pub pair: ApplicationPair,
    pub redirect_uri: String,
    pub platform: Platform,
    pub response_mode: ResponseMode,
    /// Scope names without the resource, in the order asked (`openid`, `User.Read`, `.default`).
    pub scopes: Vec<String>,
    /// The audience string as the client wrote it (`https://graph…`, or an app ID).
    pub audience: String,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub prompt: Prompt,
    pub max_age: Option<i64>,
    /// Essential `acr` or `claims` asking for a second factor.
    pub wants_mfa: bool,
    pub client_info: bool,
}

/// Why the person is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Purpose {
    /// An application of this cloud asked.
    Application(Box<ApplicationRequest>),
    /// Another tenant asked us, as home, to vouch for one of our people: another cloud by a push,
    /// or a tenant of this cloud in-process (then this is the `home_leg` of the one that waits).
    Crossing {
        pushed: Box<PushedCrossing>,
        same_cloud: bool,
    },
    /// The link of an invitation was opened.
    Redemption { invitation: Id<Invitation> },
}

/// Who is being signed in. Nothing here is proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// An account of the tenant; `user` is `None` when no such name exists, which the pages
    /// do not show.
    Local { user: Option<Id<User>> },
    /// Somebody whose account lives elsewhere: routed by domain, session or invitation.
    External {
        home: HomeTenant,
        expected: Option<Id<User>>,
    },
}

/// A leg under way, kept at the resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossingUnderWay {
    pub sent: PushedCrossing,
    /// PKCE verifier, sealed.
    pub sealed_verifier: Vec<u8>,
    pub started: Utc,
    /// How many legs this sign-in has run; one retry, then the refusal: no loops (§3.9).
    pub attempt: u8,
}

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq)]
pub struct SignIn {
    pub id: Id<SignIn>,
    /// Hash of the cookie that binds the browser.
    pub secret: Hashed,
    pub created: Utc,
    /// Ten minutes after it began.
    pub expires: Utc,
    pub version: i64,
    pub data: SignInData,
}

/// What is known so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct SignInData {
    pub purpose: Purpose,
    /// The tenant signed in to; `None` on the common endpoint until it is known.
    pub tenant: Option<Id<Tenant>>,
    /// Whether the tenant was named by the URL, the link or the person, rather than following
    /// from the typed user name.
    pub tenant_named: bool,
    /// Begun on the common endpoint: the person may name an organization.
    #[serde(default)]
    pub common: bool,
    /// Ours, random; the same on both sides of a leg.
    pub correlation_id: Uuid,
    /// As typed, or a hint; only fills the field and routes by its domain.
    pub typed_name: Option<String>,
    /// The chosen or typed subject.
    pub subject: Option<Subject>,
    /// Proven in this sign-in, in this tenant.
    pub proven: Vec<MethodUse>,
    /// Proofs of a running session that this sign-in builds on: its `sid`.
    pub session_sid: Option<String>,
    /// The password proven in this sign-in is one that must be replaced before anything else.
    #[serde(default)]
    pub must_change: bool,
    /// *Keep me signed in*.
    pub keep: bool,
    /// *Use another account* was chosen: accounts of the session are not offered again.
    pub another: bool,
    pub crossing: Option<CrossingUnderWay>,
    /// What home said in this sign-in.
    pub assertion: Option<AssertionFacts>,
    /// Home's refresh grant that came with it, sealed.
    pub sealed_grant: Vec<u8>,
    /// Yes at home to the release towards the resource tenant, in this sign-in.
    pub released: Option<Utc>,
    /// Yes to *Review permissions*, in this sign-in.
    pub reviewed: Option<Utc>,
    /// A home in this cloud is asked within the same sign-in, in the same browser: its own record.
    pub home_leg: Option<Box<SignInData>>,
    /// It was refused, and only the page that says so is left.
    #[serde(default)]
    pub refused: Option<Refusal>,
}

impl SignInData {
    /// A sign-in about which nothing is known yet.
    pub fn new(purpose: Purpose, tenant: Option<Id<Tenant>>, correlation_id: Uuid) -> Self {
        Self {
            purpose,
            tenant,
            tenant_named: tenant.is_some(),
            common: tenant.is_none(),
            correlation_id,
            typed_name: None,
            subject: None,
            proven: Vec::new(),
            session_sid: None,
            must_change: false,
            keep: false,
            another: false,
            crossing: None,
            assertion: None,
            sealed_grant: Vec::new(),
            released: None,
            reviewed: None,
            home_leg: None,
            refused: None,
        }
    }

    /// Somebody else, or another organization: what was proven, told and agreed to so far was for
    /// the one before, and counts no more.
    pub fn forget(&mut self) {
        self.subject = None;
        self.session_sid = None;
        self.proven.clear();
        self.must_change = false;
        self.crossing = None;
        self.assertion = None;
        self.sealed_grant.clear();
        self.released = None;
        self.reviewed = None;
    }

    /// The record that the next step belongs to: the leg at a home in this cloud, if one runs.
    pub fn active(&self) -> &Self {
        self.home_leg.as_deref().map_or(self, Self::active)
    }

    /// See [`Self::active`].
    pub fn active_mut(&mut self) -> &mut Self {
        match self.home_leg {
            Some(ref mut leg) => leg.active_mut(),
            None => self,
        }
    }
}

/// What a page shows or a response does next. Drawn by the edges, decided by
/// `policy::sign_in::next_step`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask for the user name.
    Identify,
    /// Several accounts are signed in.
    ChooseAccount,
    /// Ask for the password of a local account, existing or not.
    Password,
    /// Ask for a new password in place of the one just proven.
    NewPassword,
    /// Ask for a one-time code in this tenant.
    Code,
    /// Register a one-time-code generator in this tenant.
    Enrol,
    /// Show the crossing notice; nothing has been sent.
    Crossing { home: HomeTenant },
    /// Go to home without a notice: home's session is known to this browser's session.
    Depart {
        home: HomeTenant,
        controls: Controls,
    },
    /// Ask for the yes to the release (home).
    Release,
    /// *Review permissions* (resource).
    Review,
    /// Everything holds: issue.
    Complete,
    /// Somebody must act.
    Refuse(Refusal),
}

/// What home is asked to prove on the next leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controls {
    pub mfa: bool,
    pub device: bool,
    /// The person proves everything anew (`prompt=login`).
    pub fresh: bool,
}

/// A refusal with its documented number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// AADSTS number.
    pub code: u32,
    pub side: Side,
    /// For OAuth: `access_denied`, `interaction_required`, …
    pub error: OauthError,
}

/// Whose administrator must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Home,
    Resource,
    /// Neither: the person or the application.
    Person,
}

/// The OAuth error word that goes with a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OauthError {
    AccessDenied,
    LoginRequired,
    InteractionRequired,
    ConsentRequired,
    UnmetAuthenticationRequirements,
    TemporarilyUnavailable,
    InvalidRequest,
    InvalidGrant,
    UnauthorizedClient,
}

impl OauthError {
    /// The wire word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::InteractionRequired => "interaction_required",
            Self::ConsentRequired => "consent_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
        }
    }
}

/// What a code or a refresh token stands for at an application of this cloud.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenGrant {
    pub user: Id<User>,
    pub pair: ApplicationPair,
    pub audience: String,
    pub scopes: Vec<String>,
    pub redirect_uri: String,
    pub platform: Platform,
    pub code_challenge: Option<String>,
    pub nonce: Option<String>,
    pub client_info: bool,
    pub sid: String,
    /// The browser's session in which it began; the same however often `sid` changes there.
    #[serde(default)]
    pub session: Option<Id<Session>>,
    pub session_expires: Utc,
    pub auth_time: Utc,
    /// Proven in this tenant.
    pub methods: Vec<MethodUse>,
    /// For guests: what home said at the sign-in (times never change).
    pub home: Option<AssertionFacts>,
    pub lease: Option<Id<crate::federation::Lease>>,
    pub correlation_id: Uuid,
    pub ip: String,
    pub user_agent: String,
}

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CodeGrant {
    Application(Box<TokenGrant>),
    /// Home's code for another cloud.
    Crossing {
        pushed: Box<PushedCrossing>,
        user: Id<User>,
        sid: String,
        session_exp: Utc,
        auth_time: Utc,
        methods: Vec<MethodUse>,
        /// The browser's session at home: what it vouches for ends with it.
        #[serde(default)]
        session: Option<Id<Session>>,
        /// Where the person signed in, for home's own Conditional Access at token and renewal.
        #[serde(default)]
        ip: String,
        #[serde(default)]
        user_agent: String,
    },
}
