//! Sub-clusters in which nothing new starts, because an operator said so.

use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::SubclusterId;

/// The paused sub-clusters, and why they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pauses(BTreeMap<SubclusterId, String>);

impl Pauses {
    pub(crate) fn set(&mut self, subcluster: SubclusterId, reason: String) {
        self.0.insert(subcluster, reason);
    }

    pub(crate) fn end(&mut self, subcluster: SubclusterId) {
        self.0.remove(&subcluster);
    }

    pub(crate) fn reason(&self, subcluster: SubclusterId) -> Option<&str> {
        self.0.get(&subcluster).map(String::as_str)
    }

    pub(crate) fn holds(&self, subcluster: SubclusterId) -> bool {
        self.0.contains_key(&subcluster)
    }
}
