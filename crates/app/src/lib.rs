//! Use cases: sign-in, federation, guests, invitations, tokens, consent and the directory.
