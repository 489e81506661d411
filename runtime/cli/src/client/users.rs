//! Routes of users and their certificates.

use sublet_api::{
    Certificate, CertificateQuery, IssuedCredential, NewCertificate, NewUser, Page, QuotaRequest,
    RenewCertificate, RevokeRequest, User, UserQuery, Whoami,
};

use super::Client;
use crate::failure::Failure;

impl Client {
    pub(crate) async fn whoami(&self) -> Result<Whoami, Failure> {
        self.fetch(self.get(&["v1", "whoami"])).await
    }

    pub(crate) async fn users(&self, query: &UserQuery) -> Result<Page<User>, Failure> {
        self.fetch(self.get(&["v1", "users"]).query(query)).await
    }

    pub(crate) async fn user(&self, name: &str) -> Result<User, Failure> {
        self.fetch(self.get(&["v1", "users", name])).await
    }

    pub(crate) async fn add_user(&self, user: &NewUser) -> Result<IssuedCredential, Failure> {
        self.fetch(self.post(&["v1", "users"]).json(user)).await
    }

    pub(crate) async fn set_quota(
        &self,
        name: &str,
        quota: &QuotaRequest,
    ) -> Result<User, Failure> {
        let url = self.url(&["v1", "users", name, "quota"]);
        self.fetch(self.http.put(url).json(quota)).await
    }

    pub(crate) async fn suspend_user(&self, name: &str) -> Result<User, Failure> {
        self.fetch(self.post(&["v1", "users", name, "suspend"]))
            .await
    }

    pub(crate) async fn resume_user(&self, name: &str) -> Result<User, Failure> {
        self.fetch(self.post(&["v1", "users", name, "resume"]))
            .await
    }

    pub(crate) async fn remove_user(&self, name: &str) -> Result<(), Failure> {
        let url = self.url(&["v1", "users", name]);
        self.send(self.http.delete(url)).await.map(drop)
    }

    pub(crate) async fn certificates(
        &self,
        query: &CertificateQuery,
    ) -> Result<Page<Certificate>, Failure> {
        self.fetch(self.get(&["v1", "certs"]).query(query)).await
    }

    pub(crate) async fn issue_certificate(
        &self,
        wanted: &NewCertificate,
    ) -> Result<IssuedCredential, Failure> {
        self.fetch(self.post(&["v1", "certs"]).json(wanted)).await
    }

    pub(crate) async fn renew_certificate(
        &self,
        wanted: &RenewCertificate,
    ) -> Result<IssuedCredential, Failure> {
        self.fetch(self.post(&["v1", "certs", "renew"]).json(wanted))
            .await
    }

    pub(crate) async fn revoke_certificate(
        &self,
        serial: &str,
        why: &RevokeRequest,
    ) -> Result<Certificate, Failure> {
        self.fetch(self.post(&["v1", "certs", serial, "revoke"]).json(why))
            .await
    }

    pub(crate) async fn rotate_authority(&self) -> Result<(), Failure> {
        let rotate = self.post(&["v1", "certs", "rotate"]);
        self.send(rotate).await.map(drop)
    }

    pub(crate) async fn retire_authority(&self) -> Result<(), Failure> {
        let retire = self.post(&["v1", "certs", "retire"]);
        self.send(retire).await.map(drop)
    }
}
