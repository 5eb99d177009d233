//! The OpenID provider edge.
