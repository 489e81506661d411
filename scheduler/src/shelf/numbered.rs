//! What may be a key of a shelf: names that were counted up.

use crate::{JobId, NodeId, SubclusterId, UserId};

/// A key that is nothing but a number.
pub(crate) trait Numbered: Copy {
    fn number(self) -> u64;
    fn of_number(number: u64) -> Self;
}

macro_rules! numbered {
    ($($name:ident: $number:ty),*) => {$(
        impl Numbered for $name {
            fn number(self) -> u64 {
                u64::from(self.0)
            }

            fn of_number(number: u64) -> Self {
                Self(<$number>::try_from(number).expect("it was the number of one"))
            }
        }
    )*};
}

numbered!(JobId: u64, UserId: u64, NodeId: u32, SubclusterId: u32);
