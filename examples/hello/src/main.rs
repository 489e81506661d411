//! The smallest job: says hello, repeats its arguments, and tells what Sublet says about it.

use std::env;

fn main() {
    println!("hello from a sublet");
    for (place, argument) in env::args().skip(1).enumerate() {
        println!("argument {}: {argument}", place + 1);
    }
    for (name, value) in env::vars().filter(|(name, _)| name.starts_with("SUBLET_")) {
        println!("{name}={value}");
    }
}
