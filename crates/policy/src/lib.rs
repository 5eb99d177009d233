//! Pure decisions: cross-tenant access, Conditional Access, strengths, consent, roles, the next step of a sign-in.
