//! Connections that read. A question sees what was committed when it was asked; it waits for nobody and holds up nobody.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;

use crate::{
    Error,
    error::Doing,
    records::{
        database::open_for_reading,
        recover::{Unfinished, recover},
    },
};

/// Those who answer questions. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Readers {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

/// One who answers questions, for one thread at a time.
#[derive(Debug)]
pub struct Reader {
    /// There until the reader is dropped.
    connection: Option<Connection>,
    shared: Arc<Shared>,
}

impl Readers {
    /// Connections kept for the next question. More than this may be in use at once; the rest is opened anew for each
    /// question, which costs several times as much as most answers.
    pub const KEPT_MAX: usize = 8;

    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            shared: Arc::new(Shared {
                path,
                idle: Mutex::default(),
            }),
        }
    }

    /// A reader. It goes back when it is dropped.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub fn get(&self) -> Result<Reader, Error> {
        let idle = self
            .shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_for_reading(&self.shared.path)?,
        };
        Ok(Reader {
            connection: Some(connection),
            shared: Arc::clone(&self.shared),
        })
    }
}

impl Reader {
    /// Every job that is not finished, the oldest first, for a server that starts.
    ///
    /// # Errors
    /// What the database says.
    pub fn recover(&self) -> Result<Vec<Unfinished>, Error> {
        recover(self.connection())
    }

    /// Asks the database. `doing` fits after "cannot".
    pub(super) fn ask<T>(
        &self,
        doing: &'static str,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        question(self.connection()).doing(doing)
    }

    /// Asks the database several things, of which none sees more than the first.
    pub(super) fn ask_at_one_instant<T>(
        &self,
        doing: &'static str,
        questions: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        self.ask(doing, |connection| {
            let instant = connection.unchecked_transaction()?;
            let answers = questions(&instant)?;
            instant.commit()?;
            Ok(answers)
        })
    }

    pub(super) fn connection(&self) -> &Connection {
        self.connection
            .as_ref()
            .expect("it is there until the reader is dropped")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut idle = self
            .shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if idle.len() < Readers::KEPT_MAX {
            idle.extend(self.connection.take());
        }
    }
}
