//! What another project claimed for the same models, beside what was measured.

use maud::html;

use crate::page::Section;
use crate::table::{Cell, Table};

/// Another project's claims.
#[derive(Clone, Debug)]
pub struct Claims {
    /// Whose they are, and where they were read.
    pub source: String,
    /// One subject each.
    pub rows: Vec<Claim>,
}

/// One claim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What it is about.
    pub subject: String,
    /// What was claimed.
    pub claimed: String,
    /// What the project's own record shows; empty where it shows nothing.
    pub recorded: String,
    /// What this run measured; none where it measured nothing of the kind.
    pub measured: Option<String>,
}

pub(crate) fn section(claims: &Claims) -> Section {
    let words = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Words(text.to_owned()) };
    let row = |claim: &Claim| {
        let measured = claim.measured.as_deref().map_or(Cell::Empty, words);
        (claim.subject.clone(), vec![words(&claim.claimed), words(&claim.recorded), measured])
    };
    let table = Table {
        caption: "The original's claims, its own record, and this run. The images are not the same ones.".into(),
        columns: ["subject", "claimed", "its own record", "this run"].map(String::from).to_vec(),
        rows: claims.rows.iter().map(row).collect(),
    };
    let body = html! { p { (claims.source) } (table.markup()) };
    Section { id: "claims", title: "The original project's claims", body }
}
