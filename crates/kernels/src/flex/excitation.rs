//! Squeeze-and-excitation: `y = x * s`, `s = sigmoid(W2 activation(W1 mean(x) + b1) + b2)`, the mean being
//! that over an image's pixels.
//!
//! Bound by memory: two reads of `x` and one write forward; backward one read of `x`, two of the output's
//! gradient, one write. The dense layers see one row an image.

use super::{
    activation::{Activation, Gradients, Kind, Values, activate},
    array::Array,
    linear::{forward, input_gradient, weight_gradient},
    memory::Buffer,
    operation::Operation,
    reduction::column_sums,
    scaling::{average, image_products, scale_and_shift_images, scale_images},
    simd::dispatch,
};
use crate::precision::Precision;
use std::marker::PhantomData;

/// [`crate::squeeze_excite`]; inputs in the order x, first weight and bias, second weight and bias.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Excite<A>(PhantomData<A>);

impl<A: Activation> Excite<A> {
    pub(crate) fn new(_: A) -> Self {
        Self(PhantomData)
    }
}

/// What the gradients need: inputs, the mean, the first layer's output before and after the activation,
/// and the factors. All but `x` are small.
#[derive(Debug, Clone)]
pub(crate) struct Saved {
    x: Array,
    weights: [Array; 2],
    mean: Array,
    hidden: Array,
    activated: Array,
    scale: Array,
}

/// Products of one row an image are nothing to save on.
const SINGLE: Precision = Precision::Single;

impl<A: Activation> Operation<5> for Excite<A> {
    type Saved = Saved;

    fn forward(&self, [x, first, first_bias, second, second_bias]: [Array; 5], _: [bool; 5]) -> (Array, Saved) {
        let [batch, height, width, channels] = x.dims();
        let (pixels, reduced) = (height * width, first_bias.last_dim());
        let mean = Array::build([batch, channels], |mean| average(x.values(), pixels, channels, mean));
        let hidden = Array::build([batch, reduced], |hidden| {
            forward(mean.values(), first.values(), Some(first_bias.values()), [channels, reduced], SINGLE, hidden);
        });
        let activated = Array::build([batch, reduced], |y| {
            dispatch(Values::<A>::new(hidden.values(), y));
        });
        let scale = Array::build([batch, channels], |scale| {
            forward(
                activated.values(),
                second.values(),
                Some(second_bias.values()),
                [reduced, channels],
                SINGLE,
                scale,
            );
            activate(Some(Kind::Sigmoid), scale);
        });
        let output = Array::build(x.shape(), |y| scale_images(x.values(), scale.values(), pixels, channels, y));
        (output, Saved { x, weights: [first, second], mean, hidden, activated, scale })
    }

    fn backward(&self, saved: Saved, dy: Array, tracked: [bool; 5]) -> [Option<Array>; 5] {
        let Saved { x, weights: [first, second], mean, hidden, activated, scale } = saved;
        let [batch, height, width, channels] = x.dims();
        let (pixels, reduced) = (height * width, hidden.last_dim());
        let mut gradient = Buffer::new(batch * channels);
        image_products(dy.values(), x.values(), pixels, channels, gradient.values_mut());
        for (gradient, scale) in gradient.values_mut().iter_mut().zip(scale.values()) {
            *gradient *= scale * (1.0 - scale);
        }
        let gradient = gradient.values();
        let mut before = Buffer::new(batch * reduced);
        input_gradient(gradient, second.values(), [reduced, channels], SINGLE, before.values_mut());
        let mut hidden_gradient = Buffer::new(batch * reduced);
        let from = if A::FROM_OUTPUT { &activated } else { &hidden };
        dispatch(Gradients::<A>::new(before.values(), from.values(), hidden_gradient.values_mut()));
        let hidden_gradient = hidden_gradient.values();
        let input = tracked[0].then(|| {
            let mut shift = Buffer::new(batch * channels);
            input_gradient(hidden_gradient, first.values(), [channels, reduced], SINGLE, shift.values_mut());
            for value in shift.values_mut() {
                *value /= pixels as f32;
            }
            Array::build(x.shape(), |dx| {
                scale_and_shift_images(dy.values(), scale.values(), shift.values(), pixels, channels, dx);
            })
        });
        let weight = |weight: &Array, x: &Array, gradient: &[f32], sizes: [usize; 2]| {
            Array::build(weight.shape(), |dw| weight_gradient(x.values(), gradient, sizes, SINGLE, dw))
        };
        [
            input,
            tracked[1].then(|| weight(&first, &mean, hidden_gradient, [channels, reduced])),
            tracked[2].then(|| column_sums(hidden_gradient, reduced)),
            tracked[3].then(|| weight(&second, &activated, gradient, [reduced, channels])),
            tracked[4].then(|| column_sums(gradient, channels)),
        ]
    }
}
