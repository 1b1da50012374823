//! The names of the EfficientNet-PyTorch family of packages (`_blocks.7._expand_conv.weight`), turned
//! into timm's.

use super::StateDict;

/// Blocks of each stage of B0 and Lite0.
const STAGES: [usize; 7] = [1, 2, 2, 3, 3, 4, 1];

/// Renames if the names are that family's, and returns everything else as it came.
pub(super) fn to_timm(tensors: StateDict) -> StateDict {
    if !tensors.contains_key("_conv_stem.weight") {
        return tensors;
    }
    tensors.into_iter().map(|(name, tensor)| (timm_name(&name).unwrap_or(name), tensor)).collect()
}

fn timm_name(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('.').collect();
    Some(match parts.as_slice() {
        ["_conv_stem", kind] => format!("conv_stem.{kind}"),
        ["_bn0", kind] => format!("bn1.{kind}"),
        ["_conv_head", kind] => format!("conv_head.{kind}"),
        ["_bn1", kind] => format!("bn2.{kind}"),
        ["_fc", kind] => format!("classifier.{kind}"),
        ["_blocks", number, layer, rest @ ..] => {
            let (stage, block) = place(number.parse().ok()?)?;
            // The first stage does not expand, so its layers have numbers one lower.
            let layer = match (stage, *layer) {
                (0, "_depthwise_conv") | (1.., "_depthwise_conv") => "conv_dw",
                (0, "_bn1") | (1.., "_bn0") => "bn1",
                (0, "_project_conv") | (1.., "_expand_conv") => "conv_pw",
                (0, "_bn2") | (1.., "_bn1") => "bn2",
                (1.., "_project_conv") => "conv_pwl",
                (1.., "_bn2") => "bn3",
                (_, "_se_reduce") => "se.conv_reduce",
                (_, "_se_expand") => "se.conv_expand",
                _ => return None,
            };
            format!("blocks.{stage}.{block}.{layer}.{}", rest.join("."))
        }
        _ => return None,
    })
}

/// Stage and block of a block counted over all stages.
fn place(mut number: usize) -> Option<(usize, usize)> {
    for (stage, blocks) in STAGES.into_iter().enumerate() {
        if number < blocks {
            return Some((stage, number));
        }
        number -= blocks;
    }
    None
}
