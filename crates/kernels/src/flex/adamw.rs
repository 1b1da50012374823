//! AdamW in one pass: 16 bytes read and 12 written per parameter.

use super::{array::Array, parallel::PIECE};
use crate::AdamWStep;
use rayon::prelude::*;

/// The step's numbers as the kernel uses them.
#[derive(Clone, Copy)]
struct Constants {
    decay: f32,
    step_size: f32,
    beta_1: f32,
    beta_2: f32,
    rest_1: f32,
    rest_2: f32,
    inverse_correction: f32,
    epsilon: f32,
}

vectorised! {
    fn update<M>(
        constants: Constants,
        parameters: &mut [f32],
        gradients: &[f32],
        first: &mut [f32],
        second: &mut [f32],
    ) -> () {
        let Constants { decay, step_size, beta_1, beta_2, rest_1, rest_2, inverse_correction, epsilon } =
            constants;
        let moments = first.iter_mut().zip(second);
        for ((p, &g), (m, v)) in parameters.iter_mut().zip(gradients).zip(moments) {
            *m = M::multiply_add(*m, beta_1, g * rest_1);
            *v = M::multiply_add(*v, beta_2, g * g * rest_2);
            let denominator = M::multiply_add(v.sqrt(), inverse_correction, epsilon);
            *p = M::multiply_add(*p, decay, -(*m / denominator) * step_size);
        }
    }
}

/// [`crate::adamw`], in place where nobody else holds the values.
pub(crate) fn adamw([parameter, gradient, first, second]: [Array; 4], step: &AdamWStep) -> [Array; 3] {
    assert!(
        gradient.shape() == parameter.shape()
            && first.shape() == parameter.shape()
            && second.shape() == parameter.shape(),
        "parameter, gradient and moments differ in shape"
    );
    let constants = Constants {
        decay: (1.0 - step.learning_rate * step.weight_decay) as f32,
        step_size: (step.learning_rate / step.first_moment_correction()) as f32,
        beta_1: step.beta_1 as f32,
        beta_2: step.beta_2 as f32,
        rest_1: (1.0 - step.beta_1) as f32,
        rest_2: (1.0 - step.beta_2) as f32,
        inverse_correction: (1.0 / step.second_moment_correction().sqrt()) as f32,
        epsilon: step.epsilon as f32,
    };
    let [mut parameter, mut first, mut second] = [parameter, first, second].map(Array::into_unique);
    let (p, g) = (parameter.values_mut(), gradient.values());
    let (m, v) = (first.values_mut(), second.values_mut());
    if p.len() <= PIECE {
        update(constants, p, g, m, v);
    } else {
        p.par_chunks_mut(PIECE)
            .zip(g.par_chunks(PIECE))
            .zip(m.par_chunks_mut(PIECE))
            .zip(v.par_chunks_mut(PIECE))
            .for_each(|(((p, g), m), v)| update(constants, p, g, m, v));
    }
    [parameter, first, second]
}
