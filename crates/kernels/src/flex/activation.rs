//! Element-wise activations: one pass forward, one backward, in place where nobody else holds the
//! values. Bound by memory: 8 bytes per value forward, 12 backward.

use super::{
    array::Array,
    math::{normal_distribution, sigmoid},
    operation::Operation,
    parallel::{PIECE, for_each_piece},
    simd::{Kernel, MultiplyAdd, dispatch},
};
use std::{fmt::Debug, marker::PhantomData};

/// A differentiable function of one number.
pub(crate) trait Activation: Copy + Debug + Send + Sync + 'static {
    /// Whether the derivative is computed from the output rather than from the input.
    const FROM_OUTPUT: bool;
    /// Whether it changes nothing.
    const IDENTITY: bool = false;

    fn value<M: MultiplyAdd>(x: f32) -> f32;

    /// The derivative, given the input, or the output if `FROM_OUTPUT`.
    fn derivative<M: MultiplyAdd>(saved: f32) -> f32;

    /// The derivative, given the input.
    #[inline(always)]
    fn derivative_at<M: MultiplyAdd>(x: f32) -> f32 {
        Self::derivative::<M>(if Self::FROM_OUTPUT { Self::value::<M>(x) } else { x })
    }
}

/// The value itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity;

impl Activation for Identity {
    const FROM_OUTPUT: bool = true;
    const IDENTITY: bool = true;

    #[inline(always)]
    fn value<M: MultiplyAdd>(x: f32) -> f32 {
        x
    }

    #[inline(always)]
    fn derivative<M: MultiplyAdd>(_: f32) -> f32 {
        1.0
    }
}

/// [`crate::gelu`]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gelu;

impl Activation for Gelu {
    const FROM_OUTPUT: bool = false;

    #[inline(always)]
    fn value<M: MultiplyAdd>(x: f32) -> f32 {
        x * normal_distribution::<M>(x).0
    }

    #[inline(always)]
    fn derivative<M: MultiplyAdd>(x: f32) -> f32 {
        /// `1 / sqrt(2 pi)`.
        const PEAK: f32 = 0.398_942_3;
        let (distribution, density) = normal_distribution::<M>(x);
        M::multiply_add(x * PEAK, density, distribution)
    }
}

/// [`crate::silu`]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Silu;

impl Activation for Silu {
    const FROM_OUTPUT: bool = false;

    #[inline(always)]
    fn value<M: MultiplyAdd>(x: f32) -> f32 {
        x * sigmoid::<M>(x)
    }

    #[inline(always)]
    fn derivative<M: MultiplyAdd>(x: f32) -> f32 {
        let s = sigmoid::<M>(x);
        s * M::multiply_add(x, 1.0 - s, 1.0)
    }
}

/// [`crate::relu`]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Relu;

impl Activation for Relu {
    const FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn value<M: MultiplyAdd>(x: f32) -> f32 {
        if x < 0.0 { 0.0 } else { x }
    }

    #[inline(always)]
    fn derivative<M: MultiplyAdd>(y: f32) -> f32 {
        if y > 0.0 { 1.0 } else { 0.0 }
    }
}

/// [`crate::relu6`]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Relu6;

impl Activation for Relu6 {
    const FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn value<M: MultiplyAdd>(x: f32) -> f32 {
        let x = if x < 0.0 { 0.0 } else { x };
        if x > 6.0 { 6.0 } else { x }
    }

    #[inline(always)]
    fn derivative<M: MultiplyAdd>(y: f32) -> f32 {
        if y > 0.0 && y < 6.0 { 1.0 } else { 0.0 }
    }
}

/// [`crate::sigmoid`]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sigmoid;

impl Activation for Sigmoid {
    const FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn value<M: MultiplyAdd>(x: f32) -> f32 {
        sigmoid::<M>(x)
    }

    #[inline(always)]
    fn derivative<M: MultiplyAdd>(y: f32) -> f32 {
        y * (1.0 - y)
    }
}

pub(super) struct Values<'a, A>(PhantomData<A>, &'a [f32], &'a mut [f32]);

impl<'a, A: Activation> Values<'a, A> {
    pub(super) fn new(x: &'a [f32], y: &'a mut [f32]) -> Self {
        Self(PhantomData, x, y)
    }
}

impl<A: Activation> Kernel for Values<'_, A> {
    type Output = ();
    #[inline(always)]
    fn run<M: MultiplyAdd>(self) {
        for (y, &x) in self.2.iter_mut().zip(self.1) {
            *y = A::value::<M>(x);
        }
    }
}

struct ValuesInPlace<'a, A>(A, &'a mut [f32]);

impl<A: Activation> Kernel for ValuesInPlace<'_, A> {
    type Output = ();
    #[inline(always)]
    fn run<M: MultiplyAdd>(self) {
        for x in self.1 {
            *x = A::value::<M>(*x);
        }
    }
}

/// `gradient * derivative(saved)`
pub(super) struct Gradients<'a, A>(PhantomData<A>, &'a [f32], &'a [f32], &'a mut [f32]);

impl<'a, A: Activation> Gradients<'a, A> {
    pub(super) fn new(gradient: &'a [f32], saved: &'a [f32], result: &'a mut [f32]) -> Self {
        Self(PhantomData, gradient, saved, result)
    }
}

impl<A: Activation> Kernel for Gradients<'_, A> {
    type Output = ();
    #[inline(always)]
    fn run<M: MultiplyAdd>(self) {
        for ((dx, &dy), &saved) in self.3.iter_mut().zip(self.1).zip(self.2) {
            *dx = dy * A::derivative::<M>(saved);
        }
    }
}

pub(super) struct GradientsInPlace<'a, A>(PhantomData<A>, &'a [f32], &'a mut [f32]);

impl<'a, A: Activation> GradientsInPlace<'a, A> {
    pub(super) fn new(saved: &'a [f32], gradient: &'a mut [f32]) -> Self {
        Self(PhantomData, saved, gradient)
    }
}

impl<A: Activation> Kernel for GradientsInPlace<'_, A> {
    type Output = ();
    #[inline(always)]
    fn run<M: MultiplyAdd>(self) {
        for (d, &saved) in self.2.iter_mut().zip(self.1) {
            *d *= A::derivative::<M>(saved);
        }
    }
}

/// An activation chosen at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Relu,
    Relu6,
    Silu,
    Gelu,
    Sigmoid,
}

/// Applies an activation, if any, to every value.
pub(crate) fn activate(activation: Option<Kind>, values: &mut [f32]) {
    match activation {
        None => {}
        Some(Kind::Relu) => dispatch(ValuesInPlace(Relu, values)),
        Some(Kind::Relu6) => dispatch(ValuesInPlace(Relu6, values)),
        Some(Kind::Silu) => dispatch(ValuesInPlace(Silu, values)),
        Some(Kind::Gelu) => dispatch(ValuesInPlace(Gelu, values)),
        Some(Kind::Sigmoid) => dispatch(ValuesInPlace(Sigmoid, values)),
    }
}

/// Lets an [`Activation`] run as an [`Operation`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elementwise<A>(pub(crate) A);

fn evaluate<A: Activation>(activation: A, x: Array) -> Array {
    x.update(
        |values| {
            for_each_piece(values, PIECE, |_, piece| {
                dispatch(ValuesInPlace(activation, piece));
            });
        },
        |x, y| {
            for_each_piece(y, PIECE, |index, piece| {
                let x = &x[index * PIECE..][..piece.len()];
                dispatch(Values::<A>::new(x, piece));
            });
        },
    )
}

impl<A: Activation> Operation<1> for Elementwise<A> {
    type Saved = Array;

    fn infer(&self, [x]: [Array; 1]) -> Array {
        evaluate(self.0, x)
    }

    fn forward(&self, [x]: [Array; 1], _tracked: [bool; 1]) -> (Array, Array) {
        if A::FROM_OUTPUT {
            let y = evaluate(self.0, x);
            (y.clone(), y)
        } else {
            (evaluate(self.0, x.clone()), x)
        }
    }

    fn backward(&self, saved: Array, gradient: Array, _tracked: [bool; 1]) -> [Option<Array>; 1] {
        let saved = saved.values();
        let dx = gradient.update(
            |gradient| {
                for_each_piece(gradient, PIECE, |index, piece| {
                    let saved = &saved[index * PIECE..][..piece.len()];
                    dispatch(GradientsInPlace::<A>::new(saved, piece));
                });
            },
            |gradient, dx| {
                for_each_piece(dx, PIECE, |index, piece| {
                    let range = index * PIECE..index * PIECE + piece.len();
                    let (gradient, saved) = (&gradient[range.clone()], &saved[range]);
                    dispatch(Gradients::<A>::new(gradient, saved, piece));
                });
            },
        );
        [Some(dx)]
    }
}
