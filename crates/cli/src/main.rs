//! The command line of Fauxto.
fn main() {}
