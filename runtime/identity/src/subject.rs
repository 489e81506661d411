//! Who a certificate is about: a user and a role, as one name.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::name::{NotAUserName, UserName};

/// What somebody is here for. What each may do is in [`Action`](crate::Action).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs jobs, and sees their own.
    User,
    /// Runs the service, and sees all.
    Operator,
}

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The user.
    pub user: UserName,
    /// What they are here for.
    pub role: Role,
}

/// A word that is not a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is `user` or `operator`")]
pub struct NotARole;

/// A URI that names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASubject {
    /// It has another shape.
    #[error("an identity reads sublet:ROLE:NAME")]
    Shape,
    /// Its second part is not a role.
    #[error(transparent)]
    Role(#[from] NotARole),
    /// Its third part is not a name.
    #[error(transparent)]
    User(#[from] NotAUserName),
}

impl Role {
    /// Both.
    pub const ALL: [Self; 2] = [Self::User, Self::Operator];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Operator => "operator",
        }
    }
}

impl Subject {
    /// As it stands in a certificate: `sublet:user:ada`.
    #[must_use]
    pub fn to_uri(&self) -> String {
        format!("sublet:{}:{}", self.role, self.user)
    }

    /// Reads exactly what [`to_uri`](Self::to_uri) writes. Nothing is made equal: not case, not escapes, not space.
    ///
    /// # Errors
    ///
    /// When it is anything else.
    pub fn from_uri(uri: &str) -> Result<Self, NotASubject> {
        let rest = uri.strip_prefix("sublet:").ok_or(NotASubject::Shape)?;
        let (role, user) = rest.split_once(':').ok_or(NotASubject::Shape)?;
        Ok(Self {
            role: role.parse()?,
            user: user.parse()?,
        })
    }
}

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        let role = Self::ALL.into_iter().find(|role| role.as_str() == text);
        role.ok_or(NotARole)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_subject_is_one_uri_and_that_uri_is_the_subject() {
        for role in Role::ALL {
            let subject = Subject {
                user: "ada".parse().unwrap(),
                role,
            };
            assert_eq!(Subject::from_uri(&subject.to_uri()), Ok(subject));
        }
        let root = Subject::from_uri("sublet:operator:root").unwrap();
        assert_eq!(root.role, Role::Operator);
        assert_eq!(root.user.as_str(), "root");
    }

    #[test]
    fn what_looks_like_a_subject_is_none() {
        for uri in [
            "",
            "sublet:",
            "sublet:user",
            "sublet:user:",
            "sublet::ada",
            "sublet:user:ada:",
            "sublet:user:ada:operator",
            "sublet:user:ada ",
            " sublet:user:ada",
            "sublet:user: ada",
            "Sublet:user:ada",
            "SUBLET:USER:ADA",
            "sublet:User:ada",
            "sublet:user:Ada",
            "sublet://user/ada",
            "sublet:user/ada",
            "sublet:user:%61da",
            "sublet:user:ada?role=operator",
            "sublet:user:ada#",
            "sublet:user:ada\0",
            "sublet:user:ada\nsublet:operator:ada",
            "sublet:users:ada",
            "sublet:admin:ada",
            "urn:sublet:user:ada",
            "spiffe://sublet/user/ada",
            "https://example.org",
        ] {
            assert!(Subject::from_uri(uri).is_err(), "{uri:?}");
        }
    }

    proptest! {
        #[test]
        fn a_uri_that_is_taken_is_written_in_the_same_bytes(uri in "(sublet:)?(user|operator|[a-z]{1,8}):?[ -~]{0,12}") {
            if let Ok(subject) = Subject::from_uri(&uri) {
                prop_assert_eq!(subject.to_uri(), uri);
            }
        }
    }
}
