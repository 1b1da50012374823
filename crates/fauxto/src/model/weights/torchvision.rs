//! torchvision's names for ConvNeXt and EfficientNet, turned into timm's. Tensors keep their values;
//! only layer scale changes its shape, from `[channel, 1, 1]` to `[channel]`.

use super::{NamedTensor, StateDict};

/// Renames if the names are torchvision's, and returns everything else as it came.
pub(super) fn to_timm(tensors: StateDict) -> StateDict {
    if !tensors.contains_key("features.0.0.weight") {
        return tensors;
    }
    let convnext = tensors.keys().any(|name| name.ends_with(".layer_scale"));
    tensors
        .into_iter()
        .map(|(name, tensor)| {
            let renamed = if convnext { convnext_name(&name) } else { efficientnet_name(&name) };
            let tensor = if name.ends_with(".layer_scale") { flattened(tensor) } else { tensor };
            (renamed.unwrap_or(name), tensor)
        })
        .collect()
}

fn flattened(tensor: NamedTensor) -> NamedTensor {
    NamedTensor { shape: vec![tensor.values.len()], values: tensor.values }
}

fn convnext_name(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('.').collect();
    Some(match parts.as_slice() {
        ["features", "0", layer, kind] => format!("stem.{layer}.{kind}"),
        ["features", number, block, "layer_scale"] => {
            format!("stages.{}.blocks.{block}.gamma", number.parse::<usize>().ok()? / 2)
        }
        // Even numbers downsample, odd numbers are the stages' blocks.
        ["features", number, layer @ ("0" | "1"), kind] => {
            format!("stages.{}.downsample.{layer}.{kind}", number.parse::<usize>().ok()? / 2)
        }
        ["features", number, block, "block", layer, kind] => {
            let layer = match *layer {
                "0" => "conv_dw",
                "2" => "norm",
                "3" => "mlp.fc1",
                "5" => "mlp.fc2",
                _ => return None,
            };
            format!("stages.{}.blocks.{block}.{layer}.{kind}", number.parse::<usize>().ok()? / 2)
        }
        ["classifier", "0", kind] => format!("head.norm.{kind}"),
        ["classifier", "2", kind] => format!("head.fc.{kind}"),
        _ => return None,
    })
}

fn efficientnet_name(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('.').collect();
    Some(match parts.as_slice() {
        ["features", "0", "0", kind] => format!("conv_stem.{kind}"),
        ["features", "0", "1", kind] => format!("bn1.{kind}"),
        ["features", "8", "0", kind] => format!("conv_head.{kind}"),
        ["features", "8", "1", kind] => format!("bn2.{kind}"),
        ["classifier", "1", kind] => format!("classifier.{kind}"),
        ["features", stage, block, "block", layer, rest @ ..] => {
            let stage = stage.parse::<usize>().ok()?.checked_sub(1)?;
            let prefix = format!("blocks.{stage}.{block}");
            // The first stage does not expand: depthwise, attention, projection.
            let separable = stage == 0;
            let role = match (separable, *layer) {
                (false, "0") => ["conv_pw", "bn1"],
                (false, "1") => ["conv_dw", "bn2"],
                (false, "3") => ["conv_pwl", "bn3"],
                (true, "0") => ["conv_dw", "bn1"],
                (true, "2") => ["conv_pw", "bn2"],
                (false, "2") | (true, "1") => ["se.conv_reduce", "se.conv_expand"],
                _ => return None,
            };
            match rest {
                ["0" | "fc1", kind] => format!("{prefix}.{}.{kind}", role[0]),
                ["1" | "fc2", kind] => format!("{prefix}.{}.{kind}", role[1]),
                _ => return None,
            }
        }
        _ => return None,
    })
}
