//! The one who changes records. A batch is one transaction and one flush to the disk: when `commit` answers, all of it
//! survives `kill -9` and power loss; when it fails, none of it happened, and the writer can be used again.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::{Error, error::Doing};

use super::{
    database,
    record::Record,
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
