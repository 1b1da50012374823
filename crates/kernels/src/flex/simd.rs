//! Choice of the instruction set at run time.
//!
//! A kernel is ordinary scalar code in a shape the compiler vectorises; it is compiled three times,
//! for AVX-512, for AVX2 with FMA, and for the target's baseline, and [`dispatch`] picks the best
//! one the processor has. Fused multiply-adds are spelled [`MultiplyAdd::multiply_add`], because
//! without hardware support `f32::mul_add` is a slow library call.
//!
//! `FAUXTO_SIMD=avx512`, `FAUXTO_SIMD=avx2` or `FAUXTO_SIMD=portable`, set before the first call, keeps to that level
//! or what is below it, for comparison, bug reports, and tests of the code other processors run.
#![allow(unsafe_code)]

use std::sync::OnceLock;

/// `a * b + c`, fused where the instruction set has it.
pub(crate) trait MultiplyAdd: Copy {
    fn multiply_add(a: f32, b: f32, c: f32) -> f32;
}

#[derive(Clone, Copy)]
pub(crate) struct Fused;

#[derive(Clone, Copy)]
pub(crate) struct Separate;

impl MultiplyAdd for Fused {
    #[inline(always)]
    fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

impl MultiplyAdd for Separate {
    #[inline(always)]
    fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

/// Code compiled once per instruction set. Implementations mark `run` and all it calls
/// `#[inline(always)]`, since only inlined code takes on the caller's instruction set.
pub(crate) trait Kernel {
    type Output;
    fn run<M: MultiplyAdd>(self) -> Self::Output;
}

/// An instruction set that kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Baseline,
}

/// The best level this processor has, at most the one called `cap`.
fn detect(cap: Option<&str>) -> Level {
    if cap == Some("portable") {
        return Level::Baseline;
    }
    #[cfg(target_arch = "x86_64")]
    {
        if cap != Some("avx2")
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("fma")
        {
            return Level::Avx512;
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Level::Avx2;
        }
    }
    Level::Baseline
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Fused>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Fused>()
}

fn run_baseline<K: Kernel>(kernel: K) -> K::Output {
    if cfg!(target_arch = "aarch64") { kernel.run::<Fused>() } else { kernel.run::<Separate>() }
}

/// The best instruction set of this processor that `FAUXTO_SIMD` allows.
#[inline]
pub(crate) fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| detect(cap().as_deref()))
}

/// What `FAUXTO_SIMD` says.
fn cap() -> Option<String> {
    std::env::var("FAUXTO_SIMD").ok()
}

/// Whether `FAUXTO_SIMD` allows for products of tiles, which are above all levels, and the processor has the vectors
/// that prepare them.
pub(crate) fn allows_tiles() -> bool {
    multiplies_pairs() && cap().as_deref() != Some("avx512")
}

/// Whether this processor multiplies pairs of bf16 values, and `FAUXTO_SIMD` allows it.
#[inline]
pub(crate) fn multiplies_pairs() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        level() == Level::Avx512 && is_x86_feature_detected!("avx512bf16")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// Runs a kernel with the best instruction set of this processor.
#[inline]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    match level() {
        // SAFETY: `detect` returned this level, so the processor has the features it enables.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { run_avx512(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { run_avx2(kernel) },
        Level::Baseline => run_baseline(kernel),
    }
}

/// Defines a function whose body is compiled once per instruction set; `$m` names the
/// [`MultiplyAdd`] in use.
macro_rules! vectorised {
    (
        $(#[$meta:meta])*
        $vis:vis fn $name:ident<$m:ident>($($arg:ident: $ty:ty),* $(,)?) -> $ret:ty $body:block
    ) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name($($arg: $ty),*) -> $ret {
            struct Call<A>(A);
            impl $crate::flex::simd::Kernel for Call<($($ty,)*)> {
                type Output = $ret;
                #[inline(always)]
                fn run<$m: $crate::flex::simd::MultiplyAdd>(self) -> $ret {
                    let ($($arg,)*) = self.0;
                    $body
                }
            }
            $crate::flex::simd::dispatch(Call(($($arg,)*)))
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Dot<'a>(&'a [f32], &'a [f32]);
    impl Kernel for Dot<'_> {
        type Output = f32;
        #[inline(always)]
        fn run<M: MultiplyAdd>(self) -> f32 {
            let mut sum = 0.0;
            for (&a, &b) in self.0.iter().zip(self.1) {
                sum = M::multiply_add(a, b, sum);
            }
            sum
        }
    }

    #[test]
    fn every_level_of_this_processor_gives_the_same_dot_product() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(dispatch(Dot(&a, &b)), 70.0);
        assert_eq!(run_baseline(Dot(&a, &b)), 70.0);
        #[cfg(target_arch = "x86_64")]
        if detect(None) != Level::Baseline {
            // SAFETY: both higher levels include AVX2 and FMA.
            assert_eq!(unsafe { run_avx2(Dot(&a, &b)) }, 70.0);
        }
    }

    #[test]
    fn a_cap_keeps_the_level_at_or_below_it() {
        assert_eq!(detect(Some("portable")), Level::Baseline);
        #[cfg(target_arch = "x86_64")]
        {
            assert_ne!(detect(Some("avx2")), Level::Avx512);
            assert_eq!(detect(Some("avx2")) == Level::Baseline, detect(None) == Level::Baseline);
        }
    }
}
