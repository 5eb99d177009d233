//! Comity: an open, self-hosted identity platform for sovereign clouds.
