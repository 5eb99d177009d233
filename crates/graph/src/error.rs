//! What goes wrong, in Graph's envelope (odata-conventions.md §5). The texts that clients match are
//! here, verbatim, and nowhere else.

use comity_model::resource::{Area, ResourceType, check};

use crate::backend::Error;

/// A refusal, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// HTTP status.
    pub status: u16,
    /// `error.code`
    pub code: &'static str,
    /// `error.message`
    pub message: String,
    /// What few refusals have.
    pub extra: Option<Box<Extra>>,
}

/// What few refusals have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra {
    /// `error.innerError.message`
    pub inner: Option<String>,
    /// `error.details`: code and target.
    pub detail: Option<(&'static str, String)>,
    /// Seconds for `Retry-After`.
    pub retry_after: Option<i64>,
    /// For `WWW-Authenticate`: the claims that are missing, base64.
    pub claims: Option<String>,
}

/// The result of a step of this edge.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a token does not say who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenFault {
    /// No `Authorization` header.
    Missing,
    /// Not a token.
    Malformed,
    /// Past its end, or before its beginning.
    Expired,
    /// Made for another resource.
    Audience,
    /// Anything else: signature, issuer, a disabled user; the text says what.
    Refused(String),
    /// The cloud that vouches for the person does not answer; nothing is known about the token.
    Silent(String),
    /// A newer sign-in is needed (continuous access evaluation): claims in base64.
    Claims(String),
}

impl Failure {
    /// Any failure without extras.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            extra: None,
        }
    }

    fn later(self, seconds: i64) -> Self {
        self.with(Extra {
            retry_after: Some(seconds),
            ..Extra::default()
        })
    }

    fn with(mut self, extra: Extra) -> Self {
        self.extra = Some(Box::new(extra));
        self
    }

    /// 400 of the parser.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 400 of the directory.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    /// 400: the query asks for something that is not offered.
    pub fn unsupported_query(message: impl Into<String>) -> Self {
        Self::new(400, "Request_UnsupportedQuery", message)
    }

    /// 400: `$filter` with an operator or property that is not offered.
    pub fn unsupported_filter(property: &str, resource: &ResourceType) -> Self {
        Self::unsupported_query(format!(
            "Unsupported or invalid query filter clause specified for property '{property}' of resource '{}'.",
            resource.title()
        ))
    }

    /// 400: an advanced query without what it needs.
    pub fn needs_consistency(operator: &str) -> Self {
        Self::unsupported_query(format!(
            "Operator '{operator}' is not supported because the required parameters might be missing. \
             Try adding the $count=true query parameter and the ConsistencyLevel: eventual header."
        ))
    }

    /// 400: `$search` without the header.
    pub fn search_needs_consistency() -> Self {
        Self::unsupported_query(
            "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
        )
    }

    /// 400: a name that the type does not have.
    pub fn unknown_property(name: &str, resource: &ResourceType) -> Self {
        Self::bad_request(format!(
            "Could not find a property named '{name}' on type '{}'.",
            resource.full_name()
        ))
    }

    /// 400: an option that is not offered here.
    pub fn unsupported_option(name: &str) -> Self {
        Self::bad_request(format!("The query option '{name}' is not supported here."))
    }

    /// 400: a syntax error.
    pub fn syntax(position: usize, text: &str) -> Self {
        Self::bad_request(format!("Syntax error at position {position} in '{text}'."))
    }

    /// 400: the page token is of another request, changed or too old.
    pub fn page_token() -> Self {
        Self::new(
            400,
            "Directory_ExpiredPageToken",
            "The specified page token value has expired and can no longer be included in your request.",
        )
    }

    /// 400: a path that goes on where nothing is.
    pub fn unknown_segment(segment: &str) -> Self {
        Self::bad_request(format!("Resource not found for the segment '{segment}'."))
    }

    /// 404: a path that the original does not have either.
    pub fn unknown_path() -> Self {
        Self::new(
            404,
            "NotFound",
            "Requested API is not supported. Please check the path.",
        )
    }

    /// 501: the original has it, this server not yet.
    pub fn not_built(what: &str) -> Self {
        Self::new(
            501,
            "NotImplemented",
            format!("'{what}' is not implemented by this server."),
        )
    }

    /// 405
    pub fn method() -> Self {
        Self::new(
            405,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        )
    }

    /// 400: an ID that is none.
    pub fn object_identifier(text: &str) -> Self {
        Self::invalid(format!("Invalid object identifier '{text}'."))
    }

    /// 400: `/me` without a person.
    pub fn me_needs_a_user() -> Self {
        Self::bad_request("/me request is only valid with delegated authentication flow.")
    }

    /// 401; 503 where the token could not be judged.
    pub fn token(fault: TokenFault) -> Self {
        let (message, claims) = match fault {
            TokenFault::Silent(text) => return Self::silent(text),
            TokenFault::Missing => ("Access token is empty.".into(), None),
            TokenFault::Malformed => (
                "CompactToken parsing failed: the value is not an access token.".into(),
                None,
            ),
            TokenFault::Expired => ("Access token has expired or is not yet valid.".into(), None),
            TokenFault::Audience => (
                "Access token validation failure. Invalid audience.".into(),
                None,
            ),
            TokenFault::Refused(text) => (format!("Access token validation failure. {text}"), None),
            TokenFault::Claims(claims) => (
                "Continuous access evaluation resulted in challenge.".into(),
                Some(claims),
            ),
        };
        let failure = Self::new(401, "InvalidAuthenticationToken", message);
        match claims {
            None => failure,
            claims => failure.with(Extra {
                claims,
                ..Extra::default()
            }),
        }
    }

    /// 503: who would have to answer is silent; asking again later helps.
    fn silent(text: impl Into<String>) -> Self {
        Self::new(503, "ServiceUnavailable", text).later(5)
    }

    /// 403: scopes or roles do not suffice.
    pub fn forbidden(area: Area, reason: &str) -> Self {
        let (code, message) = match area {
            Area::Directory | Area::Invitation => (
                "Authorization_RequestDenied",
                "Insufficient privileges to complete the operation.",
            ),
            Area::Policy | Area::ConditionalAccess if !reason.is_empty() => (
                "AccessDenied",
                "Insufficient privileges to complete the operation.",
            ),
            Area::Policy | Area::ConditionalAccess => (
                "AccessDenied",
                "You cannot perform the requested operation, required scopes are missing in the token.",
            ),
            Area::Log => (
                "Authentication_MSGraphPermissionMissing",
                "Calling principal does not have required MSGraph permissions.",
            ),
        };
        let space = if reason.is_empty() { "" } else { " " };
        Self::new(403, code, format!("{message}{space}{reason}"))
    }

    /// 404 of one object.
    pub fn not_found(area: Area, id: &str) -> Self {
        match area {
            Area::ConditionalAccess => Self::new(
                404,
                "NotFound",
                format!("{id} does not exist in the directory."),
            ),
            _ => Self::new(
                404,
                "Request_ResourceNotFound",
                format!(
                    "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
                ),
            ),
        }
    }

    /// What a body breaks.
    pub fn body(area: Area, fault: &check::Fault) -> Self {
        let code = match area {
            Area::ConditionalAccess | Area::Invitation => "BadRequest",
            _ => "Request_BadRequest",
        };
        Self::new(400, code, fault.to_string())
    }
}

/// Where a use case failed: it decides the words.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The type asked for.
    pub resource: &'static ResourceType,
    /// The key, or the relation's owner.
    pub id: &'a str,
    /// The relation, for references.
    pub relation: &'a str,
}

impl Failure {
    /// The wire form of a use case's error.
    pub fn from_use_case(error: Error, site: Site<'_>) -> Self {
        let area = site.resource.area;
        match error {
            Error::NotFound => Self::not_found(area, site.id),
            Error::Forbidden(reason) => Self::forbidden(area, &reason),
            Error::Unauthenticated(text) => Self::token(TokenFault::Refused(text)),
            Error::Denied(text) if area == Area::Invitation => Self::bad_request(text),
            Error::Denied(text) => Self::new(403, "Authorization_RequestDenied", text),
            Error::Invalid { field, rule } => invalid(site, &field, &rule),
            Error::Duplicate { property } => duplicate(site, property),
            Error::ReferenceExists => Self::invalid(format!(
                "One or more added object references already exist for the following modified properties: '{}'.",
                site.relation
            )),
            Error::ReferenceMissing => Self::new(
                404,
                "Request_ResourceNotFound",
                format!(
                    "One or more removed object references do not exist for the following modified properties: '{}'.",
                    site.relation
                ),
            ),
            Error::Conflict(text) if area == Area::Invitation => Self::bad_request(text),
            Error::Conflict(text) => Self::new(409, "Request_Conflict", text),
            Error::PreconditionFailed => Self::new(412, "PreconditionFailed", error.to_string()),
            Error::Upstream { cloud, reason } => Self::silent(format!(
                "The cloud '{cloud}' gave no usable answer: {reason}"
            )),
            Error::TooMany { retry_after } => {
                let text = format!(
                    "Your request is throttled temporarily. Please try after {retry_after} seconds."
                );
                Self::new(429, "TooManyRequests", text).later(retry_after)
            }
            Error::Unavailable => Self::silent("The service is temporarily unavailable."),
            Error::Internal(text) => {
                tracing::error!(
                    resource = site.resource.name,
                    error = text,
                    "graph request failed"
                );
                Self::new(500, "InternalServerError", "An internal error occurred.")
            }
        }
    }
}

fn invalid(site: Site<'_>, field: &str, rule: &str) -> Failure {
    let resource = site.resource;
    let message = if field.is_empty() {
        rule.to_owned()
    } else {
        format!(
            "Invalid value specified for property '{field}' of resource '{}'. {rule}",
            resource.title()
        )
    };
    match resource.area {
        // The original hides the numbered text of Conditional Access in `innerError`.
        Area::ConditionalAccess => Failure::bad_request(message).with(Extra {
            inner: Some(rule.to_owned()),
            ..Extra::default()
        }),
        Area::Invitation => Failure::bad_request(message),
        _ => Failure::invalid(message),
    }
}

fn duplicate(site: Site<'_>, property: String) -> Failure {
    let status = if site.resource.area == Area::Policy {
        409
    } else {
        400
    };
    let failure = if property == "userPrincipalName" {
        Failure::invalid(format!(
            "Another object with the same value for property {property} already exists."
        ))
    } else {
        Failure::new(
            status,
            "Request_MultipleObjectsWithSameKeyValue",
            "A conflicting object with one or more of the specified property values is present in the directory.",
        )
    };
    failure.with(Extra {
        detail: Some(("ObjectConflict", property)),
        ..Extra::default()
    })
}
