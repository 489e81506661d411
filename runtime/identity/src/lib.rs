//! Who somebody is, as certificates say it, and what they may do.
