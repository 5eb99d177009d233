//! kill -9: what was acknowledged is there afterwards (R-05; the long run is a test of `testkit`).
