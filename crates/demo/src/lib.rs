//! The story of two clouds, played over HTTPS by a program that uses no crate of ours.
