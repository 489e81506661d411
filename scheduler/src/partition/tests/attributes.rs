//! Every attribute of a node and of a sub-cluster that a rule may read decides where a node goes, by itself.
