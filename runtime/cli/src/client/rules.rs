//! Routes of the rules, and of the record of who changed them.

use reqwest::header::IF_MATCH;
use sublet_api::{Applied, ApplyRules, AuditEntry, AuditQuery, AuditVerdict, Page, Plan, RuleSet};

use super::Client;
use crate::failure::Failure;

impl Client {
    pub(crate) async fn rules(&self) -> Result<RuleSet, Failure> {
        self.fetch(self.get(&["v1", "rules"])).await
    }

    pub(crate) async fn rules_history(&self) -> Result<Page<RuleSet>, Failure> {
        self.fetch(self.get(&["v1", "rules", "history"])).await
    }

    pub(crate) async fn plan(&self, rules: &ApplyRules) -> Result<Plan, Failure> {
        self.fetch(self.post(&["v1", "plan"]).json(rules)).await
    }

    /// Applies the rules, if this version still holds.
    pub(crate) async fn apply(&self, rules: &ApplyRules, version: u64) -> Result<Applied, Failure> {
        let request = self
            .http
            .put(self.url(&["v1", "rules"]))
            .header(IF_MATCH, format!("\"{version}\""))
            .json(rules);
        self.fetch(request).await
    }

    pub(crate) async fn audit(&self, query: &AuditQuery) -> Result<Page<AuditEntry>, Failure> {
        self.fetch(self.get(&["v1", "audit"]).query(query)).await
    }

    pub(crate) async fn verify_audit(&self) -> Result<AuditVerdict, Failure> {
        self.fetch(self.get(&["v1", "audit", "verify"])).await
    }
}
