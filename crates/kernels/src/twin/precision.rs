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
        && x.device().supports_dtype(DType::BF16);
    if !half {
        return product(x, weight, bias);
    }
    let product = product(x.cast(DType::BF16), weight.cast(DType::BF16), None).cast(DType::F32);
    match bias {
        Some(bias) => product + bias.unsqueeze(),
        None => product,
    }
}
