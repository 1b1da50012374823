//! Squeeze-and-excitation (Hu et al. 2017, arXiv:1709.01507).

use crate::{
    Activation,
    flex::{
        activation::{self, Gelu, Identity, Relu, Relu6, Silu},
        excitation::Excite,
        operation::{accelerable, apply},
    },
    twin,
};
use burn::{backend::DispatchTensor, tensor::Tensor};

/// `x` `[batch, height, width, channel]` times, for each image and channel, the sigmoid of two dense layers of
/// the mean over pixels, with `activation` between them.
///
/// The weights are `[reduced, channel]` and `[channel, reduced]`, or of four axes as those of 1x1 convolutions;
/// the biases `[reduced]` and `[channel]`.
///
/// # Panics
/// If the shapes do not fit one another.
pub fn squeeze_excite<const W: usize>(
    x: Tensor<4>,
    (squeeze, squeeze_bias): (Tensor<W>, Tensor<1>),
    activation: Activation,
    (expand, expand_bias): (Tensor<W>, Tensor<1>),
) -> Tensor<4> {
    let ([_, _, _, channels], [reduced]) = (x.dims(), squeeze_bias.dims());
    for (weight, expected) in [(&squeeze, [reduced, channels]), (&expand, [channels, reduced])] {
        let dims = weight.dims();
        assert!(
            dims[..2] == expected && dims[2..].iter().all(|&side| side == 1),
            "a weight of {dims:?} where {expected:?} fits",
        );
    }
    assert_eq!(expand_bias.dims(), [channels], "a bias has one value an output");
    let inputs = [
        x.into_dispatch(),
        squeeze.into_dispatch(),
        squeeze_bias.into_dispatch(),
        expand.into_dispatch(),
        expand_bias.into_dispatch(),
    ];
    if accelerable(&inputs) {
        return match activation {
            Activation::Identity => excite(Identity, inputs),
            Activation::Relu => excite(Relu, inputs),
            Activation::Relu6 => excite(Relu6, inputs),
            Activation::Silu => excite(Silu, inputs),
            Activation::Gelu => excite(Gelu, inputs),
        };
    }
    let [x, squeeze, squeeze_bias, expand, expand_bias] = inputs;
    twin::squeeze_excite(
        Tensor::from_dispatch(x),
        (Tensor::<W>::from_dispatch(squeeze), Tensor::from_dispatch(squeeze_bias)),
        activation,
        (Tensor::<W>::from_dispatch(expand), Tensor::from_dispatch(expand_bias)),
    )
}

fn excite<A: activation::Activation>(activation: A, inputs: [DispatchTensor; 5]) -> Tensor<4> {
    Tensor::from_dispatch(apply(Excite::new(activation), inputs))
}
