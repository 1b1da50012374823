//! The base recipe and the release recipe, model by model.

use std::fmt::Write;

use serde_json::Value;

use super::cell::{accuracy, auc, share};
use super::document::{assert_in_results, json};

#[test]
fn the_table_of_recipes_is_made_of_results() {
    let results = json("results/recipes.json");
    let mut table = String::from(
        "| 5 epochs of 62,258 images | base: held out, % (95% interval) | release: held out, % (95% interval) | base: corrupted, % | \
         release: corrupted, % | release: `cifake/test`, % (95% interval) | ROC AUC |\n|---|---|---|---|---|---|---|\n",
    );
    for (name, model) in results["models"].as_object().unwrap() {
        let (base, release) = (&model["base"], &model["release"]);
        for trained in [base, release].into_iter().filter(|recipe| !recipe.is_null()).map(|recipe| &recipe["trained"]) {
            assert_eq!((trained["epochs"].as_u64(), trained["n_train"].as_u64()), (Some(5), Some(62_258)), "{name}");
        }
        let where_there = |of: fn(&Value) -> String| if base.is_null() { String::new() } else { of(base) };
        let corrupted = |recipe: &Value| share(&recipe["corrupted"]["mean_accuracy_19"]);
        writeln!(
            table,
            "| `{name}` | {} | {} | {} | {} | {} | {} |",
            where_there(|recipe| accuracy(&recipe["held_out"])),
            accuracy(&release["held_out"]),
            where_there(corrupted),
            corrupted(release),
            accuracy(&release["cifake_test"]),
            auc(&release["cifake_test"]),
        )
        .unwrap();
    }
    assert_in_results(&table);
    let vote = &results["release_together"];
    assert_in_results(&format!("The vote of the four has {}% of `cifake/test`", accuracy(vote)));
}
