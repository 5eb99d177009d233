//! The Graph API edge.
