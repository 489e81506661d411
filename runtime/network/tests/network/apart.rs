//! apart
