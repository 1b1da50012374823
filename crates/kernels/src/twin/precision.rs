//! Products in bf16 on devices that multiply in it.

use burn::tensor::{DType, Tensor};

use crate::Precision;
use crate::flex::operation::on_flex;
use crate::precision::wanted;

/// `product` of `x` and `weight`, plus `bias` along the last axis. Where half precision is wanted ([`crate::multiply_in`])
/// and the device is a GPU that has it, factors and product are bf16; on the CPU a twin stays `f32`, as the reference.
pub(super) fn multiply<const D: usize, const E: usize>(
    x: Tensor<D>,
    weight: Tensor<E>,
    bias: Option<Tensor<1>>,
    product: impl FnOnce(Tensor<D>, Tensor<E>, Option<Tensor<1>>) -> Tensor<D>,
) -> Tensor<D> {
    let half = wanted() == Precision::Half
        && !on_flex(&x.clone().into_dispatch().kind)
        && Precision::Half.is_available_on(&x.device());
    if half { in_half(x, weight, bias, product) } else { product(x, weight, bias) }
}

fn in_half<const D: usize, const E: usize>(
    x: Tensor<D>,
    weight: Tensor<E>,
    bias: Option<Tensor<1>>,
    product: impl FnOnce(Tensor<D>, Tensor<E>, Option<Tensor<1>>) -> Tensor<D>,
) -> Tensor<D> {
    let product = product(x.cast(DType::BF16), weight.cast(DType::BF16), None).cast(DType::F32);
    match bias {
        Some(bias) => product + bias.unsqueeze(),
        None => product,
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, Tolerance, module};

    use super::*;

    #[test]
    fn products_in_half_precision_and_their_gradients_are_those_in_single_to_two_digits() {
        let device = Device::flex().autodiff();
        let random = |shape: [usize; 2]| Tensor::<2>::random(shape, Distribution::Uniform(0.5, 1.5), &device);
        let (x, weight) = (random([4, 32]).require_grad(), random([8, 32]).require_grad());
        let bias = Tensor::<1>::random([8], Distribution::Default, &device);
        let linear = |x, weight: Tensor<2>, bias| module::linear(x, weight.transpose(), bias);
        let close = |one: Tensor<2>, other: Tensor<2>| {
            assert_eq!(one.dtype(), DType::F32);
            one.into_data().assert_approx_eq::<f32>(&other.into_data(), Tolerance::relative(2e-2));
        };
        let half = in_half(x.clone(), weight.clone(), Some(bias.clone()), linear);
        let single = linear(x.clone(), weight.clone(), Some(bias));
        close(half.clone().detach(), single.clone().detach());
        let (half, single) = (half.square().sum().backward(), single.square().sum().backward());
        for parameter in [x, weight] {
            close(parameter.grad(&half).unwrap(), parameter.grad(&single).unwrap());
        }
    }
}
