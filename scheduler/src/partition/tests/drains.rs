//! Busy nodes: they drain, and until they are empty they belong to their old sub-cluster.
