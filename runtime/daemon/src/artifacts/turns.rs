//! Whose module is compiled next: users take turns, so nobody waits for more than one module of each of the others,
//! however many they upload at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sublet_scheduler::UserId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Compilations at a time: they are for whoever waits, but not at the cost of those who run.
const AT_ONCE: usize = 1;

/// The queue before the compiler, in which each user has one place.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    compiler: Arc<Semaphore>,
    /// The place of each user who wants something compiled.
    places: Arc<Mutex<HashMap<UserId, Arc<Semaphore>>>>,
}

/// The compiler, for one module. Given back when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    user: UserId,
    _compiler: OwnedSemaphorePermit,
    place: Option<OwnedSemaphorePermit>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            compiler: Arc::new(Semaphore::new(AT_ONCE)),
            places: Arc::default(),
        }
    }
}

impl Turns {
    /// Waits for the user's turn. None once nobody compiles any more.
    pub(super) async fn take(&self, user: UserId) -> Option<Turn> {
        let place = self.place_of(user).acquire_owned().await.ok()?;
        let compiler = Arc::clone(&self.compiler).acquire_owned().await.ok()?;
        Some(Turn {
            turns: self.clone(),
            user,
            _compiler: compiler,
            place: Some(place),
        })
    }

    fn place_of(&self, user: UserId) -> Arc<Semaphore> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry(user);
        Arc::clone(place.or_insert_with(|| Arc::new(Semaphore::new(1))))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.place.take());
        let places = &self.turns.places;
        let mut places = places.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits for a place knows it, too.
        if let Some(place) = places.get(&self.user)
            && Arc::strong_count(place) == 1
        {
            places.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;

    use futures_util::FutureExt;

    use super::*;

    const ADA: UserId = UserId(1);
    const BOB: UserId = UserId(2);

    type Waiting<'a> = Pin<Box<dyn Future<Output = Option<Turn>> + 'a>>;

    /// Asks for a turn, and stands in the queue from now on.
    fn ask(turns: &Turns, user: UserId) -> Result<Turn, Waiting<'_>> {
        let mut waiting: Waiting<'_> = Box::pin(turns.take(user));
        match waiting.as_mut().now_or_never() {
            Some(turn) => Ok(turn.expect("the compiler is there")),
            None => Err(waiting),
        }
    }

    #[test]
    fn a_user_with_many_modules_lets_another_in_after_one() {
        let turns = Turns::default();
        let first = ask(&turns, ADA).ok().expect("nobody else is there");
        let mut hoard: Vec<_> = (0..8)
            .map(|_| ask(&turns, ADA).expect_err("one at a time"))
            .collect();
        let mut bobs = ask(&turns, BOB).expect_err("Ada's is not done");
        drop(first);
        assert!(
            hoard
                .iter_mut()
                .all(|one| one.as_mut().now_or_never().is_none())
        );
        let bobs_turn = bobs.as_mut().now_or_never().expect("it is Bob's turn");
        assert!(
            hoard
                .iter_mut()
                .all(|one| one.as_mut().now_or_never().is_none())
        );
        drop(bobs_turn);
        for mut one in hoard {
            assert!(one.as_mut().now_or_never().is_some(), "each has its turn");
        }
    }

    #[test]
    fn who_goes_away_while_waiting_holds_up_nobody_and_nothing_is_kept_of_anybody() {
        let turns = Turns::default();
        let first = ask(&turns, ADA).ok().expect("nobody else is there");
        let gone = ask(&turns, ADA).expect_err("one at a time");
        let mut bobs = ask(&turns, BOB).expect_err("Ada's is not done");
        drop(gone);
        drop(first);
        drop(bobs.as_mut().now_or_never().expect("it is Bob's turn"));
        assert!(turns.places.lock().unwrap().is_empty());
    }
}
