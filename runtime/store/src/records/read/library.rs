//! Finding modules and inputs.

use rusqlite::{OptionalExtension as _, Params, Row, params};
use sublet_scheduler::{UnixMillis, UserId};

use crate::{
    Digest, DigestPrefix, Error,
    error::Doing,
    records::{
        database::{exact, millis, unsigned, user_id},
        harm::ModuleHarm,
        library::{CompileRefusal, Input, InputKind, ModuleName},
    },
};

use super::{Reader, Whose, harm};

/// A module as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleRow {
    /// Its place in the order of uploads; the cursor of a list.
    pub id: u64,
    /// Whose.
    pub user: UserId,
    /// The sha256 of its bytes.
    pub digest: Digest,
    /// Its length.
    pub size_bytes: u64,
    /// What it imports and exports, as JSON.
    pub interface: String,
    /// When it was first uploaded.
    pub added_at: UnixMillis,
    /// What it is called, the newest name first. A later module may have taken a name over.
    pub names: Vec<ModuleName>,
    /// What it did to our side, if anything.
    pub harm: Option<ModuleHarm>,
}

/// What people call a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleSelector {
    /// Its digest, or the beginning of it.
    Digest(DigestPrefix),
    /// Its name: the newest module that has it. Without a tag, whatever its tag is.
    Name(ModuleName),
}

const MODULE: &str = "id, user, digest, size_bytes, interface, added_at";

const NAMES: &str =
    "SELECT name, tag FROM module_names WHERE user = ?1 AND digest = ?2 ORDER BY id DESC";

const REFUSAL: &str = "SELECT code, message, at FROM module_refusals
    WHERE user = ?1 AND digest = ?2 AND engine = ?3";

const INPUT: &str =
    "SELECT size_bytes, files, added_at FROM inputs WHERE user = ?1 AND digest = ?2 AND kind = ?3";

impl Reader {
    /// The modules that a selector may mean: none, one, or up to [`Whose::MATCHES_MAX`] to choose from.
    ///
    /// # Errors
    /// What the database says.
    pub fn find_modules(
        &self,
        whose: Whose,
        selector: &ModuleSelector,
    ) -> Result<Vec<ModuleRow>, Error> {
        let (user, theirs) = (
            whose.parameter().doing("look for a module")?,
            whose.condition(),
        );
        let found = match selector {
            ModuleSelector::Digest(prefix) => {
                let (first, last) = prefix.bounds();
                let condition = format!("{theirs} AND digest BETWEEN ?2 AND ?3");
                self.module_rows(&condition, Whose::MATCHES_MAX, params![user, first, last])
            }
            ModuleSelector::Name(ModuleName { name, tag }) => {
                // Everyone's module of a name is the newest of any user, as for jobs.
                let newest = format!(
                    "(user, digest) = (SELECT user, digest FROM module_names
                        WHERE {theirs} AND name = ?2 AND (?3 IS NULL OR tag = ?3) ORDER BY id DESC LIMIT 1)"
                );
                self.module_rows(&newest, 1, params![user, name, tag])
            }
        };
        found.doing("look for a module")
    }

    /// Modules uploaded before the module `before`, or the newest: at most `limit` and [`Whose::PAGE_MAX`], the newest
    /// first.
    ///
    /// # Errors
    /// What the database says.
    pub fn modules(
        &self,
        whose: Whose,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<ModuleRow>, Error> {
        self.ask("list modules", |_| {
            let before = before.map(exact).transpose()?;
            let condition = "(?1 IS NULL OR user = ?1) AND (?2 IS NULL OR id < ?2)";
            let limit = limit.min(Whose::PAGE_MAX);
            self.module_rows(condition, limit, params![whose.parameter()?, before])
        })
    }

    /// What the compiler said of the user's module, if it did not take it.
    ///
    /// # Errors
    /// What the database says.
    pub fn refusal(
        &self,
        user: UserId,
        digest: Digest,
        engine: &str,
    ) -> Result<Option<CompileRefusal>, Error> {
        self.ask("look for what the compiler said", |connection| {
            let mut statement = connection.prepare_cached(REFUSAL)?;
            let refusal = |row: &Row<'_>| {
                let (code, message) = (row.get(0)?, row.get(1)?);
                Ok(CompileRefusal {
                    code,
                    message,
                    at: millis(row, 2)?,
                })
            };
            statement
                .query_row(params![exact(user.0)?, digest, engine], refusal)
                .optional()
        })
    }

    /// The user's input, if it was uploaded.
    ///
    /// # Errors
    /// What the database says.
    pub fn input(
        &self,
        user: UserId,
        digest: Digest,
        kind: InputKind,
    ) -> Result<Option<Input>, Error> {
        self.ask("look for an input", |connection| {
            let mut statement = connection.prepare_cached(INPUT)?;
            let input = |row: &Row<'_>| {
                let (size_bytes, files) = (unsigned(row, 0)?, unsigned(row, 1)?);
                Ok(Input {
                    user,
                    digest,
                    kind,
                    size_bytes,
                    files,
                    at: millis(row, 2)?,
                })
            };
            statement
                .query_row(params![exact(user.0)?, digest, kind], input)
                .optional()
        })
    }

    fn module_rows(
        &self,
        condition: &str,
        limit: u32,
        parameters: impl Params,
    ) -> rusqlite::Result<Vec<ModuleRow>> {
        let sql = format!(
            "SELECT {MODULE} FROM modules WHERE {condition} ORDER BY id DESC LIMIT {limit}"
        );
        let mut statement = self.connection().prepare_cached(&sql)?;
        let rows = statement.query_map(parameters, |row| self.module_row(row))?;
        rows.collect()
    }

    fn module_row(&self, row: &Row<'_>) -> rusqlite::Result<ModuleRow> {
        let (user, digest) = (user_id(row, 1)?, row.get(2)?);
        let whose = exact(user.0)?;
        let names = self
            .connection()
            .prepare_cached(NAMES)?
            .query_map(params![whose, digest], module_name)?
            .collect::<Result<_, _>>()?;
        let harm = harm::of_module(self.connection(), whose, digest)?;
        Ok(ModuleRow {
            id: unsigned(row, 0)?,
            user,
            digest,
            size_bytes: unsigned(row, 3)?,
            interface: row.get(4)?,
            added_at: millis(row, 5)?,
            names,
            harm,
        })
    }
}

fn module_name(row: &Row<'_>) -> rusqlite::Result<ModuleName> {
    let tag: String = row.get(1)?;
    Ok(ModuleName {
        name: row.get(0)?,
        tag: Some(tag).filter(|tag| !tag.is_empty()),
    })
}
