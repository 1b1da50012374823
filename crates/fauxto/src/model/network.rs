//! What every architecture offers, independent of its type: `head(features(x))`, the stages that make
//! up `features`, and a walk over its named parameters for checkpoints and optimisers.

use std::fmt::Debug;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Gradients, Tensor};
use kernels::inference::{Builder, Value};

use super::pass::Pass;

/// A detector as stages, whose maps shrink from one to the next, and a head. Implemented by each
/// architecture's struct.
pub trait Architecture: Module + Sync {
    /// Number of stages, at least 1.
    fn stages(&self) -> usize;

    /// The map of stage `index` in `0..stages()`, `[batch, height', width', channel']`: stage 0 takes
    /// normalised pixels `[batch, height, width, 3]`, every other the map of the one before. What lies
    /// before the first stage or after the last (stem, final convolution) belongs to it.
    fn stage(&self, index: usize, x: Tensor<4>, pass: &Pass) -> Tensor<4>;

    /// The last stage's map to logits `[batch, class]`.
    fn head(&self, features: Tensor<4>, pass: &Pass) -> Tensor<2>;

    /// Adds [`Architecture::stage`] in inference to a program and returns the map; none where a layer
    /// cannot be expressed in one.
    fn compile_stage(&self, index: usize, builder: &mut Builder, x: Value) -> Option<Value>;

    /// Adds [`Architecture::head`] in inference to a program and returns the logits; none where a layer
    /// cannot be expressed in one.
    fn compile_head(&self, builder: &mut Builder, features: Value) -> Option<Value>;
}

/// Named parameters and buffers that can be read and replaced, whatever they belong to.
pub trait Parameters: Send + Debug {
    /// Calls `visit` with every parameter and buffer, in the order of construction.
    fn visit(&self, visit: &mut dyn FnMut(ParameterView<'_>));

    /// Calls `visit` with the name and the gradient, flattened, of every parameter that has one in
    /// `gradients`, which keep them.
    fn visit_gradients(&self, gradients: &Gradients, visit: &mut dyn FnMut(&str, Tensor<1>));

    /// Replaces every parameter and buffer by what `replace` returns for it.
    fn replace(&mut self, replace: &mut dyn FnMut(ParameterValue<'_>) -> Tensor<1>);

    /// As [`Parameters::replace`], with each parameter's gradient from `gradients`.
    fn replace_with_gradients(
        &mut self,
        gradients: &mut Gradients,
        replace: &mut dyn FnMut(ParameterValue<'_>) -> Tensor<1>,
    );
}

/// An [`Architecture`] whose type has been erased.
pub trait Network: Parameters + Sync {
    /// See [`Architecture::stages`].
    fn stages(&self) -> usize;

    /// See [`Architecture::stage`].
    fn stage(&self, index: usize, x: Tensor<4>, pass: &Pass) -> Tensor<4>;

    /// All stages in order: normalised pixels `[batch, height, width, 3]` to the last feature map
    /// `[batch, height', width', channel]`.
    fn features(&self, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        (0..self.stages()).fold(x, |x, index| self.stage(index, x, pass))
    }

    /// See [`Architecture::head`].
    fn head(&self, features: Tensor<4>, pass: &Pass) -> Tensor<2>;

    /// See [`Architecture::compile_stage`]. None unless the network says otherwise.
    fn compile_stage(&self, _index: usize, _builder: &mut Builder, _x: Value) -> Option<Value> {
        None
    }

    /// See [`Architecture::compile_head`]. None unless the network says otherwise.
    fn compile_head(&self, _builder: &mut Builder, _features: Value) -> Option<Value> {
        None
    }

    /// A copy without autodiff.
    fn to_inference(&self) -> Box<dyn Network>;

    /// A copy on `device` whose parameters require gradients if `device` differentiates.
    fn to_device(&self, device: &Device) -> Box<dyn Network>;
}

/// A parameter or buffer, read.
#[derive(Debug)]
pub struct ParameterView<'a> {
    /// Its path in the model, which is its name in a checkpoint.
    pub name: &'a str,
    /// Its identity within this process.
    pub id: ParamId,
    /// Its shape, as PyTorch has it.
    pub shape: &'a [usize],
    /// Its values, flattened in row-major order, without autodiff.
    pub tensor: Tensor<1>,
}

/// A parameter or buffer, owned while it is replaced.
#[derive(Debug)]
pub struct ParameterValue<'a> {
    /// Its path in the model.
    pub name: &'a str,
    /// Its identity within this process.
    pub id: ParamId,
    /// Its shape, as PyTorch has it.
    pub shape: &'a [usize],
    /// Its values, flattened in row-major order, without autodiff.
    pub tensor: Tensor<1>,
    /// Its gradient, flattened alike, if gradients were given and it has one.
    pub gradient: Option<Tensor<1>>,
}

/// Erases the type of an architecture.
pub(super) fn erase<M: Architecture + 'static>(architecture: M) -> Box<dyn Network> {
    Box::new(Erased::new(architecture))
}

/// A module whose parameters go by name. Empty only while [`Parameters::replace`] runs: parameters must not be shared
/// then, or the optimiser could not change them in place.
#[derive(Debug)]
pub(crate) struct Erased<M>(Option<M>);

impl<M: Module + 'static> Erased<M> {
    pub(crate) fn new(module: M) -> Self {
        Self(Some(module))
    }

    /// The module itself.
    pub(crate) fn module(&self) -> &M {
        self.0.as_ref().expect("whole outside `replace`")
    }

    fn map(&mut self, mapper: &mut Mapper<'_>) {
        if let Some(module) = self.0.take() {
            self.0 = Some(module.map(mapper));
        }
    }
}

impl<M: Module + 'static> Parameters for Erased<M> {
    fn visit(&self, visit: &mut dyn FnMut(ParameterView<'_>)) {
        self.module().visit(&mut Visitor { path: Vec::new(), visit });
    }

    fn visit_gradients(&self, gradients: &Gradients, visit: &mut dyn FnMut(&str, Tensor<1>)) {
        self.module().visit(&mut GradientVisitor { path: Vec::new(), gradients, visit });
    }

    fn replace(&mut self, replace: &mut dyn FnMut(ParameterValue<'_>) -> Tensor<1>) {
        self.map(&mut Mapper { path: Vec::new(), gradients: None, replace });
    }

    fn replace_with_gradients(
        &mut self,
        gradients: &mut Gradients,
        replace: &mut dyn FnMut(ParameterValue<'_>) -> Tensor<1>,
    ) {
        self.map(&mut Mapper { path: Vec::new(), gradients: Some(gradients), replace });
    }
}

impl<M: Architecture + 'static> Network for Erased<M> {
    fn stages(&self) -> usize {
        self.module().stages()
    }

    fn stage(&self, index: usize, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        self.module().stage(index, x, pass)
    }

    fn head(&self, features: Tensor<4>, pass: &Pass) -> Tensor<2> {
        self.module().head(features, pass)
    }

    fn compile_stage(&self, index: usize, builder: &mut Builder, x: Value) -> Option<Value> {
        self.module().compile_stage(index, builder, x)
    }

    fn compile_head(&self, builder: &mut Builder, features: Value) -> Option<Value> {
        self.module().compile_head(builder, features)
    }

    fn to_inference(&self) -> Box<dyn Network> {
        erase(self.module().valid())
    }

    fn to_device(&self, device: &Device) -> Box<dyn Network> {
        erase(self.module().clone().fork(device))
    }
}

struct Visitor<'a> {
    path: Vec<String>,
    visit: &'a mut dyn FnMut(ParameterView<'_>),
}

impl ModuleVisitor for Visitor<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let tensor = parameter.val().detach().without_autodiff();
        (self.visit)(ParameterView {
            name: &self.path.join("."),
            id: parameter.id,
            shape: &tensor.dims(),
            tensor: tensor.flatten(0, D - 1),
        });
    }
}

struct GradientVisitor<'a> {
    path: Vec<String>,
    gradients: &'a Gradients,
    visit: &'a mut dyn FnMut(&str, Tensor<1>),
}

impl ModuleVisitor for GradientVisitor<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        if let Some(gradient) = parameter.val().grad(self.gradients) {
            (self.visit)(&self.path.join("."), gradient.flatten(0, D - 1));
        }
    }
}

struct Mapper<'a> {
    path: Vec<String>,
    gradients: Option<&'a mut Gradients>,
    replace: &'a mut dyn FnMut(ParameterValue<'_>) -> Tensor<1>,
}

impl ModuleMapper for Mapper<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = parameter.consume();
        let (learns, differentiates) = (tensor.is_require_grad(), tensor.is_autodiff());
        let gradient = match &mut self.gradients {
            Some(gradients) if learns => tensor.grad_remove(gradients),
            _ => None,
        };
        let tensor = tensor.without_autodiff();
        let shape = tensor.dims();
        let replaced: Tensor<D> = (self.replace)(ParameterValue {
            name: &self.path.join("."),
            id,
            shape: &shape,
            tensor: tensor.flatten(0, D - 1),
            gradient: gradient.map(|gradient| gradient.flatten(0, D - 1)),
        })
        .reshape(shape);
        let replaced = if differentiates { Tensor::from_inner(replaced).set_require_grad(learns) } else { replaced };
        Param::from_mapped_value(id, replaced, mapper)
    }
}
