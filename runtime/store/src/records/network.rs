//! Networks as they are recorded: what an attempt had of one.

/// The nic that an attempt had in its user's network. What went over it is in the attempt's usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNic {
    /// Its host number within the network, from which its addresses follow.
    pub number: u32,
    /// What the guest wanted to reach and was denied, in the words that people read. Whoever counts denials also bounds
    /// how many of them are kept.
    pub denied: Vec<String>,
}
