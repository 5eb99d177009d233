//! The vocabulary: identifiers, entities, policy documents, state machines, queries and decisions.
