//! A network grown out of a shallower one that has learned already (Net2DeeperNet: Chen, Goodfellow & Shlens 2016,
//! arXiv 1511.05641): `resnet18_se` is `resnet_se` with a stage in front, which computes the identity at first.

use crate::model::weights::StateDict;

/// The last of the stages that both have, in the shallower network.
const STAGES: usize = 3;

/// The weights of `resnet_se` as those of `resnet18_se` that judge every image alike, or `weights` as they are where they
/// belong to no `resnet_se`. Of `drawn`, the deeper network's own, come the new stage's convolutions.
///
/// Its blocks end in a norm scaled to 0, so that they pass on what they get, as maps behind a rectifier are not negative.
/// Its attention answers one half everywhere; the stem's norm is doubled before it.
pub(in crate::model) fn deepen(weights: StateDict, drawn: StateDict) -> StateDict {
    let shallow = |weights: &StateDict| {
        !weights.keys().any(|name| name.starts_with("layer4."))
            && weights.get("layer1.0.conv1.weight").is_some_and(|tensor| tensor.shape == [128, 64, 3, 3])
    };
    if !shallow(&weights) {
        return weights;
    }
    let mut deep: StateDict = weights.into_iter().map(|(name, tensor)| (one_further(&name), tensor)).collect();
    for name in ["bn1.weight", "bn1.bias"] {
        if let Some(tensor) = deep.get_mut(name) {
            tensor.values.iter_mut().for_each(|value| *value *= 2.0);
        }
    }
    deep.extend(drawn.into_iter().filter(|(name, _)| name.starts_with("layer1.")).map(|(name, mut tensor)| {
        if name.ends_with(".bn2.weight") || name.starts_with("layer1.2.fc2.") {
            tensor.values.fill(0.0);
        }
        (name, tensor)
    }));
    deep
}

fn one_further(name: &str) -> String {
    (1..=STAGES)
        .find_map(|stage| Some(format!("layer{}.{}", stage + 1, name.strip_prefix(&format!("layer{stage}."))?)))
        .unwrap_or_else(|| name.to_owned())
}
