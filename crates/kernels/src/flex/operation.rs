//! The bridge between Burn and the kernels.
//!
//! A kernel family implements [`Operation`], forward and backward on [`Array`]s; this file routes
//! public calls to it, directly or through Burn's autodiff graph.

use super::array::Array;
use burn::{
    backend::{
        Autodiff, Backend, Dispatch, DispatchTensor, DispatchTensorKind, Flex, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{DType, Tensor},
};
use std::{fmt::Debug, sync::OnceLock};

/// A differentiable function of `N` tensors.
pub(crate) trait Operation<const N: usize>: Clone + Debug + Send + Sync + 'static {
    /// What the backward pass needs from the forward pass.
    type Saved: Clone + Debug + Send + 'static;

    /// Computes the output without a backward pass to follow; may overwrite its inputs' storage.
    fn infer(&self, inputs: [Array; N]) -> Array {
        self.forward(inputs, [false; N]).0
    }

    /// Computes the output, and saves what the gradients of the tracked inputs need.
    fn forward(&self, inputs: [Array; N], tracked: [bool; N]) -> (Array, Self::Saved);

    /// The gradients of the tracked inputs, given the gradient of the output.
    fn backward(&self, saved: Self::Saved, gradient: Array, tracked: [bool; N]) -> [Option<Array>; N];
}

#[backend_extension(Autodiff, Flex)]
pub(crate) trait KernelBackend: Backend {
    fn apply_1<O: Operation<1>>(operation: O, a: FloatTensor<Self>) -> FloatTensor<Self>;
    fn apply_2<O: Operation<2>>(operation: O, a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self>;
    fn apply_3<O: Operation<3>>(
        operation: O,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    fn apply_4<O: Operation<4>>(
        operation: O,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    fn apply_5<O: Operation<5>>(
        operation: O,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        e: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

type Primitive<B> = FloatTensor<B>;

impl KernelBackend for Flex {
    fn apply_1<O: Operation<1>>(operation: O, a: Primitive<Self>) -> Primitive<Self> {
        operation.infer([Array::new(a)]).into_tensor()
    }

    fn apply_2<O: Operation<2>>(operation: O, a: Primitive<Self>, b: Primitive<Self>) -> Primitive<Self> {
        operation.infer([a, b].map(Array::new)).into_tensor()
    }

    fn apply_3<O: Operation<3>>(
        operation: O,
        a: Primitive<Self>,
        b: Primitive<Self>,
        c: Primitive<Self>,
    ) -> Primitive<Self> {
        operation.infer([a, b, c].map(Array::new)).into_tensor()
    }

    fn apply_4<O: Operation<4>>(
        operation: O,
        a: Primitive<Self>,
        b: Primitive<Self>,
        c: Primitive<Self>,
        d: Primitive<Self>,
    ) -> Primitive<Self> {
        operation.infer([a, b, c, d].map(Array::new)).into_tensor()
    }

    fn apply_5<O: Operation<5>>(
        operation: O,
        a: Primitive<Self>,
        b: Primitive<Self>,
        c: Primitive<Self>,
        d: Primitive<Self>,
        e: Primitive<Self>,
    ) -> Primitive<Self> {
        operation.infer([a, b, c, d, e].map(Array::new)).into_tensor()
    }
}

impl<C: CheckpointStrategy> KernelBackend for Autodiff<Flex, C> {
    fn apply_1<O: Operation<1>>(operation: O, a: Primitive<Self>) -> Primitive<Self> {
        register::<O, C, 1>(operation, [a])
    }

    fn apply_2<O: Operation<2>>(operation: O, a: Primitive<Self>, b: Primitive<Self>) -> Primitive<Self> {
        register::<O, C, 2>(operation, [a, b])
    }

    fn apply_3<O: Operation<3>>(
        operation: O,
        a: Primitive<Self>,
        b: Primitive<Self>,
        c: Primitive<Self>,
    ) -> Primitive<Self> {
        register::<O, C, 3>(operation, [a, b, c])
    }

    fn apply_4<O: Operation<4>>(
        operation: O,
        a: Primitive<Self>,
        b: Primitive<Self>,
        c: Primitive<Self>,
        d: Primitive<Self>,
    ) -> Primitive<Self> {
        register::<O, C, 4>(operation, [a, b, c, d])
    }

    fn apply_5<O: Operation<5>>(
        operation: O,
        a: Primitive<Self>,
        b: Primitive<Self>,
        c: Primitive<Self>,
        d: Primitive<Self>,
        e: Primitive<Self>,
    ) -> Primitive<Self> {
        register::<O, C, 5>(operation, [a, b, c, d, e])
    }
}

#[derive(Debug)]
struct Step<O>(O);

impl<O: Operation<N>, const N: usize> Backward<Flex, N> for Step<O> {
    type State = O::Saved;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = Array::new(gradients.consume::<Flex>(&ops.node));
        let tracked = ops.parents.each_ref().map(Option::is_some);
        let inputs = self.0.backward(ops.state, gradient, tracked);
        for (parent, gradient) in ops.parents.into_iter().zip(inputs) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<Flex>(parent.id, gradient.into_tensor());
            }
        }
    }
}

fn register<O: Operation<N>, C: CheckpointStrategy, const N: usize>(
    operation: O,
    inputs: [Primitive<Autodiff<Flex, C>>; N],
) -> Primitive<Autodiff<Flex, C>> {
    let tracked = inputs.each_ref().map(|input| input.is_tracked());
    let nodes = inputs.each_ref().map(|input| input.node());
    let inputs = inputs.map(|input| Array::new(input.into_primitive()));
    match Step(operation.clone()).prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(preparation) => {
            let (output, saved) = operation.forward(inputs, tracked);
            preparation.finish(saved, output.into_tensor())
        }
        OpsKind::UnTracked(preparation) => preparation.finish(operation.infer(inputs).into_tensor()),
    }
}

/// Runs an operation on tensors that [`accelerable`] accepted.
pub(crate) fn apply<O: Apply<N>, const N: usize>(operation: O, inputs: [DispatchTensor; N]) -> DispatchTensor {
    operation.apply(inputs)
}

/// Runs an operation of an input, a weight and perhaps a bias where kernels can, else its twin.
pub(crate) fn apply_biased<O, const D: usize, const W: usize>(
    operation: O,
    x: Tensor<D>,
    weight: Tensor<W>,
    bias: Option<Tensor<1>>,
    twin: impl FnOnce(Tensor<D>, Tensor<W>, Option<Tensor<1>>) -> Tensor<D>,
) -> Tensor<D>
where
    O: Operation<2> + Operation<3>,
{
    if let Some(bias) = &bias {
        assert_eq!(bias.dims()[0], weight.dims()[0], "a bias has one value an output");
    }
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    match bias.map(Tensor::into_dispatch) {
        Some(bias) => {
            let inputs = [x, weight, bias];
            if accelerable(&inputs) {
                return Tensor::from_dispatch(apply(operation, inputs));
            }
            let [x, weight, bias] = inputs;
            let bias = Some(Tensor::from_dispatch(bias));
            twin(Tensor::from_dispatch(x), Tensor::from_dispatch(weight), bias)
        }
        None => {
            let inputs = [x, weight];
            if accelerable(&inputs) {
                return Tensor::from_dispatch(apply(operation, inputs));
            }
            let [x, weight] = inputs;
            twin(Tensor::from_dispatch(x), Tensor::from_dispatch(weight), None)
        }
    }
}

/// The extension method for each number of inputs.
pub(crate) trait Apply<const N: usize> {
    fn apply(self, inputs: [DispatchTensor; N]) -> DispatchTensor;
}

impl<O: Operation<1>> Apply<1> for O {
    fn apply(self, [a]: [DispatchTensor; 1]) -> DispatchTensor {
        Dispatch::apply_1(self, a)
    }
}

impl<O: Operation<2>> Apply<2> for O {
    fn apply(self, [a, b]: [DispatchTensor; 2]) -> DispatchTensor {
        Dispatch::apply_2(self, a, b)
    }
}

impl<O: Operation<3>> Apply<3> for O {
    fn apply(self, [a, b, c]: [DispatchTensor; 3]) -> DispatchTensor {
        Dispatch::apply_3(self, a, b, c)
    }
}

impl<O: Operation<4>> Apply<4> for O {
    fn apply(self, [a, b, c, d]: [DispatchTensor; 4]) -> DispatchTensor {
        Dispatch::apply_4(self, a, b, c, d)
    }
}

impl<O: Operation<5>> Apply<5> for O {
    fn apply(self, [a, b, c, d, e]: [DispatchTensor; 5]) -> DispatchTensor {
        Dispatch::apply_5(self, a, b, c, d, e)
    }
}

/// Whether kernels can run on these tensors, all on the Flex device and of element type `f32`, and
/// are not switched off by `FAUXTO_KERNELS=off`.
pub(crate) fn accelerable<const N: usize>(inputs: &[DispatchTensor; N]) -> bool {
    static ENABLED: OnceLock<bool> = OnceLock::new();
    *ENABLED.get_or_init(|| std::env::var_os("FAUXTO_KERNELS").is_none_or(|value| value != "off"))
        && inputs.iter().all(|input| on_flex(&input.kind) && input.kind.dtype() == DType::F32)
}

#[allow(unreachable_patterns)] // Which other kinds exist depends on Burn's features.
pub(crate) fn on_flex(kind: &DispatchTensorKind) -> bool {
    match kind {
        DispatchTensorKind::Flex(_) => true,
        DispatchTensorKind::Autodiff(inner) => on_flex(inner),
        _ => false,
    }
}
