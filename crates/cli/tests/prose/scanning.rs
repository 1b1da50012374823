//! What scanning costs, in files of several precisions, and what its warnings are worth.

use std::fmt::Write;

use super::cell::{accuracy, auc, number, share};
use super::document::{assert_in_results, json};

#[test]
fn the_tables_of_scanning_are_made_of_results() {
    let scan = json("results/scan.json");
    let mut table = String::from(
        "| weights | file, MB | images a second | accuracy, % (95% interval) | ROC AUC |\n|---|---|---|---|---|\n",
    );
    for (name, one) in scan["precisions"].as_object().unwrap() {
        let megabytes = one["bytes"].as_f64().unwrap() / 1e6;
        let rate = number(&one["images_per_second"], 0);
        writeln!(table, "| {name} | {megabytes:.1} | {rate} | {} | {} |", accuracy(one), auc(one)).unwrap();
    }
    assert_in_results(&table);

    let cold = &scan["cold_start"];
    let milliseconds = 1e3 * cold["median_seconds"].as_f64().unwrap();
    assert_in_results(&format!("One image takes {milliseconds:.0} ms from start to end of the program"));
    let (images, rate) = (&scan["bulk"]["n"], share(&scan["bulk"]["median_ratio"]));
    assert_in_results(&format!("{images} images in one call are judged at {rate}% of the rate"));

    let mut table =
        String::from("| images | n | unlike or far, % | far, % | ROC AUC of the distance |\n|---|---|---|---|---|\n");
    for (name, set) in scan["out_of_distribution"]["sets"].as_object().unwrap() {
        let [unlike, far] = ["unlike_or_far", "far"].map(|field| share(&set[field]));
        let auc = if set["roc_auc"].is_null() { String::new() } else { auc(set) };
        writeln!(table, "| `{name}` | {} | {unlike} | {far} | {auc} |", set["n"]).unwrap();
    }
    assert_in_results(&table);
}
