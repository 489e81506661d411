//! Networks, who has which, and what users may reach outside.

use std::{collections::BTreeMap, net::AddrParseError, str::FromStr};

use rusqlite::{OptionalExtension as _, Row, types::Type};
use sublet_scheduler::UserId;

use crate::{
    Error,
    records::{
        database::{exact, list, maybe_millis, maybe_user_id, user_id},
        network::StoredNetwork,
    },
};

use super::Reader;

const NETWORKS: &str =
    "SELECT id, v4, v4_bits, v6, v6_bits, user, assigned_at FROM networks ORDER BY id";

const NETWORK_OF: &str =
    "SELECT id, v4, v4_bits, v6, v6_bits, user, assigned_at FROM networks WHERE user = ?1";

const POLICIES: &str = "SELECT user, allow FROM egress_policies";

const POLICY: &str = "SELECT allow FROM egress_policies WHERE user = ?1";

impl Reader {
    /// Every network that was prepared, in the order of the numbers. Those without a user are the supply.
    ///
    /// # Errors
    /// What the database says.
    pub fn networks(&self) -> Result<Vec<StoredNetwork>, Error> {
        self.ask("read the networks", |connection| {
            connection
                .prepare_cached(NETWORKS)?
                .query_map([], network)?
                .collect()
        })
    }

    /// The user's network, if they have one.
    ///
    /// # Errors
    /// What the database says.
    pub fn network_of(&self, user: UserId) -> Result<Option<StoredNetwork>, Error> {
        self.ask("read the network of a user", |connection| {
            connection
                .prepare_cached(NETWORK_OF)?
                .query_row([exact(user.0)?], network)
                .optional()
        })
    }

    /// What the user may reach outside; none if nobody ever decided on it, which is not the same as an empty list.
    ///
    /// # Errors
    /// What the database says.
    pub fn egress_policy(&self, user: UserId) -> Result<Option<Vec<String>>, Error> {
        self.ask("read what a user may reach", |connection| {
            connection
                .prepare_cached(POLICY)?
                .query_row([exact(user.0)?], |row| list(row, 0))
                .optional()
        })
    }

    /// What each user may reach outside on whom somebody decided, for a server that starts.
    ///
    /// # Errors
    /// What the database says.
    pub fn egress_policies(&self) -> Result<BTreeMap<UserId, Vec<String>>, Error> {
        self.ask("read what users may reach", |connection| {
            connection
                .prepare_cached(POLICIES)?
                .query_map([], |row| Ok((user_id(row, 0)?, list(row, 1)?)))?
                .collect()
        })
    }
}

fn network(row: &Row<'_>) -> rusqlite::Result<StoredNetwork> {
    Ok(StoredNetwork {
        id: row.get(0)?,
        v4: address(row, 1)?,
        v4_bits: row.get(2)?,
        v6: address(row, 3)?,
        v6_bits: row.get(4)?,
        user: maybe_user_id(row, 5)?,
        assigned_at: maybe_millis(row, 6)?,
    })
}

fn address<A: FromStr<Err = AddrParseError>>(row: &Row<'_>, column: usize) -> rusqlite::Result<A> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}
