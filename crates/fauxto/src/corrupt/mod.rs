//! Corruptions: what happens to images on their way, at five severities. One file each and one line in
//! [`CORRUPTIONS`].
//!
//! They are the 15 corruptions of CIFAR-10-C and its 4 extra ones (Hendrycks & Dietterich,
//! "Benchmarking Neural Network Robustness to Common Corruptions and Perturbations", ICLR 2019,
//! arXiv 1903.12261), with the parameters of the authors' `make_cifar_c.py`
//! (<https://github.com/hendrycks/robustness>, Apache-2.0), which are milder than those of ImageNet-C.
//! Where that code does something else than it seems to say, the published images were made by what
//! it does, and so are these; the files say where. They depart from it where [`CorruptionEntry`] says
//! so: frost is synthesised.
//!
//! CIFAR-10-C has 32 pixels a side. For other sizes radii and lengths are multiplied by the shorter
//! side over 32, so that a corruption looks the same at any size; that rule is ours. Noise stays one
//! value a pixel and JPEG's blocks stay eight pixels wide, as sensors and encoders have it.
//!
//! Random numbers are an argument ([`Draws`]); [`CorruptionEntry::corrupt`] takes them from a stream
//! addressed by seed, corruption, severity and item, so that a corrupted set depends neither on its
//! order nor on the number of threads.

mod brightness;
mod contrast;
mod defocus_blur;
mod draws;
mod elastic_transform;
mod entry;
mod fog;
mod frost;
mod gaussian_blur;
mod gaussian_noise;
mod glass_blur;
mod impulse_noise;
mod jpeg_compression;
mod motion_blur;
mod original;
mod part;
mod pixelate;
mod saturate;
mod severity;
mod shot_noise;
mod snow;
mod spatter;
mod speckle_noise;
mod write;
mod zoom_blur;

pub use draws::Draws;
pub use entry::{CorruptionEntry, LEAST_SIDE, MOST_SIDE, StepsBack, truncated};
pub use original::{ORIGINAL_CORRUPTIONS, OriginalCorruption};
pub use severity::Severity;
pub use write::{CorruptedSet, MANIFEST, Sheet, Written};

use crate::{Error, Result};

/// Every corruption, in the order of CIFAR-10-C: noise, blur, weather, digital, then the extra ones.
pub static CORRUPTIONS: &[CorruptionEntry] = &[
    CorruptionEntry {
        name: "gaussian_noise",
        summary: "noise of standard deviation .04 .06 .08 .09 .10",
        source: "CIFAR-10-C",
        extra: false,
        steps_back: None,
        apply: gaussian_noise::apply,
    },
    CorruptionEntry {
        name: "shot_noise",
        summary: "Poisson noise of 500 250 100 75 50 photons at full light",
        source: "CIFAR-10-C",
        extra: false,
        steps_back: None,
        apply: shot_noise::apply,
    },
    CorruptionEntry {
        name: "impulse_noise",
        summary: "values struck to black or white, a share of .01 .02 .03 .05 .07",
        source: "CIFAR-10-C; skimage.util.random_noise",
        extra: false,
        steps_back: None,
        apply: impulse_noise::apply,
    },
    CorruptionEntry {
        name: "defocus_blur",
        summary: "a disk of radius .3 .4 .5 1 1.5, softened",
        source: "CIFAR-10-C; cv2.filter2D",
        extra: false,
        steps_back: None,
        apply: defocus_blur::apply,
    },
    CorruptionEntry {
        name: "glass_blur",
        summary: "blur of deviation .05 .25 .4 .25 .4, each pixel from a near place, once (twice from 4 on), blur again",
        source: "CIFAR-10-C; skimage.filters.gaussian",
        extra: false,
        steps_back: Some(StepsBack {
            severities: &[3, 5],
            because: "the blur is stronger there, which undoes some of the displacement's contrast",
        }),
        apply: glass_blur::apply,
    },
    CorruptionEntry {
        name: "motion_blur",
        summary: "radius 6 6 6 8 9 and deviation 1 1.5 2 2 2.5, at an angle within 45 degrees of the horizontal",
        source: "CIFAR-10-C; ImageMagick's MotionBlurImage",
        extra: false,
        steps_back: Some(StepsBack {
            severities: &[4],
            because: "a larger radius lengthens a kernel that has already faded",
        }),
        apply: motion_blur::apply,
    },
    CorruptionEntry {
        name: "zoom_blur",
        summary: "the mean of the image and its zooms in steps of .01 to 1.06 1.11 1.15 1.20 1.25",
        source: "CIFAR-10-C; scipy.ndimage.zoom",
        extra: false,
        steps_back: None,
        apply: zoom_blur::apply,
    },
    CorruptionEntry {
        name: "snow",
        summary: "moving flakes, and a scene that whitens",
        source: "CIFAR-10-C; ImageMagick's MotionBlurImage",
        extra: false,
        steps_back: None,
        apply: snow::apply,
    },
    CorruptionEntry {
        name: "frost",
        summary: "ice on the pane, a share of .2 .3 .4 .4 .45 on one of 1 1 .9 .85 .75 of the image; the ice is synthesised",
        source: "CIFAR-10-C's shares; texture our own, where the authors overlay photographs",
        extra: false,
        steps_back: Some(StepsBack {
            severities: &[4, 5],
            because: "the image's own share falls, which makes up for the light of the frost",
        }),
        apply: frost::apply,
    },
    CorruptionEntry {
        name: "fog",
        summary: "a plasma fractal of light, amount .2 .5 .75 1 1.5 and decay 3 3 2.5 2 1.75",
        source: "CIFAR-10-C; diamond-square algorithm",
        extra: false,
        steps_back: None,
        apply: fog::apply,
    },
    CorruptionEntry {
        name: "brightness",
        summary: "HSV value + .05 .1 .15 .2 .3",
        source: "CIFAR-10-C; skimage.color.rgb2hsv",
        extra: false,
        steps_back: None,
        apply: brightness::apply,
    },
    CorruptionEntry {
        name: "contrast",
        summary: "distance from the channel's mean * .75 .5 .4 .3 .15",
        source: "CIFAR-10-C",
        extra: false,
        steps_back: None,
        apply: contrast::apply,
    },
    CorruptionEntry {
        name: "elastic_transform",
        summary: "a random affine warp, mildest at 5, then displacements, finest at 5",
        source: "CIFAR-10-C; Simard, Steinkraus & Platt 2003",
        extra: false,
        steps_back: Some(StepsBack {
            severities: &[2, 3, 4, 5],
            because: "the affine warp, which moves most pixels farthest, becomes milder",
        }),
        apply: elastic_transform::apply,
    },
    CorruptionEntry {
        name: "pixelate",
        summary: "box filter down to .95 .9 .85 .75 .65 of 32 pixels a side, and up",
        source: "CIFAR-10-C; Pillow's BOX",
        extra: false,
        steps_back: None,
        apply: pixelate::apply,
    },
    CorruptionEntry {
        name: "jpeg_compression",
        summary: "JPEG of quality 80 65 58 50 40, chroma at half size",
        source: "CIFAR-10-C; libjpeg as in Pillow",
        extra: false,
        steps_back: None,
        apply: jpeg_compression::apply,
    },
    CorruptionEntry {
        name: "speckle_noise",
        summary: "noise of .06 .1 .12 .16 .2 of the light",
        source: "CIFAR-10-C, extra",
        extra: true,
        steps_back: None,
        apply: speckle_noise::apply,
    },
    CorruptionEntry {
        name: "gaussian_blur",
        summary: "blur of deviation .4 .6 .7 .8 1",
        source: "CIFAR-10-C, extra; skimage.filters.gaussian",
        extra: true,
        steps_back: None,
        apply: gaussian_blur::apply,
    },
    CorruptionEntry {
        name: "spatter",
        summary: "drops on the lens: water at 1 to 3, mud at 4 and 5",
        source: "CIFAR-10-C, extra; cv2.Canny, distanceTransform, equalizeHist",
        extra: true,
        steps_back: Some(StepsBack { severities: &[4], because: "water gives way to mud, which covers less" }),
        apply: spatter::apply,
    },
    CorruptionEntry {
        name: "saturate",
        summary: "HSV saturation * .3 .1 1.5 2 2.5, + 0 0 0 .1 .2",
        source: "CIFAR-10-C, extra; skimage.color.rgb2hsv",
        extra: true,
        steps_back: Some(StepsBack { severities: &[3], because: "saturation is taken away before it is added" }),
        apply: saturate::apply,
    },
];

/// The corruption called `name`.
///
/// # Errors
/// There is none; the message lists all.
pub fn find(name: &str) -> Result<&'static CorruptionEntry> {
    CORRUPTIONS.iter().find(|entry| entry.name == name).ok_or_else(|| Error::Setting {
        setting: "corruption".into(),
        found: format!("`{name}`"),
        expected: format!("one of {}", CORRUPTIONS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")),
    })
}
