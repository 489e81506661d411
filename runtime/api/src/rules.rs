//! The rules of the pool as one versioned document, and what a change to them would move.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/rules`, and an item of `GET /v1/rules/history`. The version is its `ETag`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleSet {
    /// Counted up with each change.
    pub version: u64,
    /// The tables `[pool]`, `[[subcluster]]`, `[[route]]` and `[[class]]`, in TOML.
    pub document: String,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// Who applied it.
    pub applied_by: String,
}

/// Body of `PUT /v1/rules` (with `If-Match`) and of `POST /v1/plan`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyRules {
    /// The whole set: what it leaves out is gone.
    pub document: String,
}

/// Answer of `PUT /v1/rules`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Applied {
    /// The version that holds now; unchanged where the document says what held before.
    pub version: u64,
    /// What it moved.
    pub plan: Plan,
}

/// Answer of `POST /v1/plan`: what applying a document would do, if it were done now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Plan {
    /// The version that it was compared with; to be sent as `If-Match`.
    pub version_now: u64,
    /// Sub-clusters that would come, go or be told otherwise.
    pub subclusters: Changes,
    /// Sub-clusters whose slots would have another shape: their nodes are cut anew once they are empty.
    pub reshaped: Vec<String>,
    /// Nodes that would be carved, or no longer be there.
    pub nodes: Changes,
    /// Nodes that would move at once.
    pub moves: Vec<NodeMove>,
    /// Nodes that would move as soon as they are empty.
    pub drains: Vec<NodeMove>,
    /// Jobs that no sub-cluster would take any more.
    pub homeless: Homeless,
    /// What is allowed and worth knowing: entry rules that overlap, an exit that never holds.
    pub remarks: Vec<Remark>,
}

/// Names of what a change adds, changes and removes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Changes {
    /// New ones.
    pub added: Vec<String>,
    /// Those that are there before and after, and differ.
    pub changed: Vec<String>,
    /// Those that would be gone.
    pub removed: Vec<String>,
}

/// A node that goes from one place to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeMove {
    /// The node.
    pub node: String,
    /// Where it was: `in short`, `draining from short`, `unassigned`, `down`.
    pub from: String,
    /// Where it goes, in the same words.
    pub to: String,
    /// Why, in a phrase.
    pub cause: String,
}

/// Jobs that nobody takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Homeless {
    /// How many.
    pub count: u64,
    /// The ids of the first hundred.
    pub jobs: Vec<String>,
}

/// Something that is allowed and worth knowing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Remark {
    /// What it is about: `subcluster short, entry`.
    pub about: String,
    /// A sentence.
    pub text: String,
    /// The line of the document, where there is one: counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The character in it, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}
