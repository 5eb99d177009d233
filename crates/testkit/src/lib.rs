//! Several clouds in one process, actors and fakes, for story tests.
