//! Training on mixed images, as a user asks for it.

use std::path::Path;

use assert_cmd::Command;

fn train(data: &Path, out: &Path, more: &[&str]) -> Vec<u8> {
    let settings = ["train.epochs=2", "train.batch_size=8", "seed=3"];
    let mut command = Command::cargo_bin("fauxto").unwrap();
    command.args(["train", "--model", "resnet_se_small", "--save-every", "0"]).arg(data).arg("--out").arg(out);
    settings.iter().chain(more).for_each(|setting| {
        command.args(["--set", setting]);
    });
    command.assert().success();
    std::fs::read(out.join("checkpoint.safetensors")).unwrap()
}

#[test]
fn mixing_changes_what_is_learned_and_the_seed_decides_how() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fauxto::sample::write(&at("data"), 16, 0, 5).unwrap();
    let mix = "train.mix=[{name='mixup', alpha=0.2}, {name='cutmix', alpha=1, probability=0.5}]";
    let mixed = train(&at("data"), &at("mixed"), &[mix]);
    assert!(mixed == train(&at("data"), &at("again"), &[mix]));
    assert!(mixed != train(&at("data"), &at("plain"), &[]));
    let config = |run: &str| std::fs::read_to_string(at(run).join("config.toml")).unwrap();
    assert!(config("mixed").contains("cutmix") && !config("plain").contains("mix"));
}
