//! OAuth 2.0, OpenID Connect and JOSE messages and checks, by RFC.
