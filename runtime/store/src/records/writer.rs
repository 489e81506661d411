//! The one who changes records. A batch is one transaction and one flush to the disk: when `commit` answers, all of it
//! survives `kill -9` and power loss; when it fails, none of it happened, and the writer can be used again.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use sublet_scheduler::{JobId, UserId};

use crate::{Error, Removal, error::Doing};

use super::{
    database,
    record::Record,
    retention::Retention,
    write::{self, Places},
};

/// The one who changes records.
#[derive(Debug)]
pub struct Writer {
    connection: Connection,
    places: Places,
}

impl Writer {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self {
            connection: database::open_for_writing(path)?,
            places: Places::default(),
        })
    }

    /// Makes all of the batch durable, in its order, or none of it.
    ///
    /// # Errors
    /// What the database says. [`Error::is_disk_full`] tells whether the same batch may succeed later.
    pub fn commit(&mut self, batch: &[Record]) -> Result<(), Error> {
        if batch.is_empty() {
            return Ok(());
        }
        let written = self.write(batch);
        if written.is_err() {
            self.places.forget();
        }
        written
    }

    fn write(&mut self, batch: &[Record]) -> Result<(), Error> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .doing("begin to record")?;
        // Dropping the transaction on the way out takes everything back.
        write::records(&transaction, &mut self.places, batch).doing("record")?;
        transaction.commit().doing("make records durable")
    }

    /// Removes some jobs of the user that retention no longer keeps, and answers with them: none when there are none left.
    /// Nobody finds them any more, and what they used is part of the sums. Their logs are the caller's to remove; then
    /// [`Writer::remove_attempts`] removes the rest. A server that ends in between finds them in
    /// [`crate::Reader::removed_jobs`].
    ///
    /// # Errors
    /// What the database says. Nothing is removed then.
    pub fn retire_jobs(&mut self, user: UserId, retention: Retention) -> Result<Vec<JobId>, Error> {
        self.at_once(|transaction| write::retire(transaction, user, retention))
    }

    /// Removes some attempts of jobs that were retired and whose logs are gone. To be called until it is done: a call
    /// removes a bounded number, so that others are served in between.
    ///
    /// # Errors
    /// What the database says. Nothing is removed then.
    pub fn remove_attempts(&mut self, retired: &[JobId]) -> Result<Removal, Error> {
        self.at_once(|transaction| write::remove(transaction, retired))
    }

    fn at_once<T>(
        &mut self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .doing("begin to remove old jobs")?;
        let changed = change(&transaction).doing("remove old jobs")?;
        transaction.commit().doing("make a removal durable")?;
        Ok(changed)
    }

    /// Folds the log into the database, for a server that ends and leaves one tidy file behind.
    ///
    /// # Errors
    /// What the database says. Nothing is lost then: the log is read at the next start.
    pub fn close(self) -> Result<(), Error> {
        self.connection
            .close()
            .map_err(|(_, error)| error)
            .doing("close the database")
    }
}
