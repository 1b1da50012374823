//! Vector registers by name, for the kernels whose sums must stay in them: AVX-512, AVX2 with FMA,
//! and arrays that the compiler makes vectors of. Everything here is `unsafe` to call for one reason:
//! the processor must have the instruction set, which [`run`] sees to.
#![allow(unsafe_code)]

use super::simd::{Level, level};

/// Code over vectors. Implementations mark `run` and all it calls `#[inline(always)]`.
pub(super) trait VectorKernel {
    /// # Safety
    /// The processor has `V`'s instruction set, and whatever the kernel's own promises are.
    unsafe fn run<V: Vector>(self);
}

/// Runs a kernel with the best vectors of this processor.
///
/// # Safety
/// The kernel's own promises.
pub(super) unsafe fn run<K: VectorKernel>(kernel: K) {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
    unsafe fn avx512<K: VectorKernel>(kernel: K) {
        // SAFETY: this function is compiled for AVX-512 and called where it exists.
        unsafe { kernel.run::<std::arch::x86_64::__m512>() }
    }
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2<K: VectorKernel>(kernel: K) {
        // SAFETY: this function is compiled for AVX2 and called where it exists.
        unsafe { kernel.run::<std::arch::x86_64::__m256>() }
    }
    // SAFETY: `level` names an instruction set this processor has; the caller promises the rest.
    unsafe {
        match level() {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512(kernel),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2(kernel),
            Level::Baseline => kernel.run::<Portable>(),
        }
    }
}

/// A vector register.
pub(super) trait Vector: Copy {
    const LANES: usize;
    unsafe fn zero() -> Self;
    unsafe fn splat(value: f32) -> Self;
    /// # Safety
    /// `source` is valid for `LANES` values.
    unsafe fn load(source: *const f32) -> Self;
    /// # Safety
    /// `destination` is valid for `LANES` values.
    unsafe fn store(self, destination: *mut f32);
    /// `a * b + self`
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// Asks for a cache line that will be loaded soon; any address will do.
    unsafe fn prefetch(address: *const f32);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Vector;
    use std::arch::x86_64::*;

    macro_rules! vector {
        ($ty:ty, $lanes:literal, $zero:ident, $splat:ident, $load:ident, $store:ident, $fma:ident,
         $add:ident, $sub:ident, $mul:ident) => {
            impl Vector for $ty {
                const LANES: usize = $lanes;
                #[inline(always)]
                unsafe fn zero() -> Self {
                    // SAFETY: only code compiled for the instruction set uses this type.
                    unsafe { $zero() }
                }
                #[inline(always)]
                unsafe fn splat(value: f32) -> Self {
                    // SAFETY: as above.
                    unsafe { $splat(value) }
                }
                #[inline(always)]
                unsafe fn load(source: *const f32) -> Self {
                    // SAFETY: as above; the caller vouches for the pointer.
                    unsafe { $load(source) }
                }
                #[inline(always)]
                unsafe fn store(self, destination: *mut f32) {
                    // SAFETY: as above; the caller vouches for the pointer.
                    unsafe { $store(destination, self) }
                }
                #[inline(always)]
                unsafe fn add_product(self, a: Self, b: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $fma(a, b, self) }
                }
                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $add(self, other) }
                }
                #[inline(always)]
                unsafe fn sub(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $sub(self, other) }
                }
                #[inline(always)]
                unsafe fn mul(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $mul(self, other) }
                }
                #[inline(always)]
                unsafe fn prefetch(address: *const f32) {
                    // SAFETY: prefetches do not fault.
                    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
                }
            }
        };
    }
    vector!(
        __m512,
        16,
        _mm512_setzero_ps,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_fmadd_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps
    );
    vector!(
        __m256,
        8,
        _mm256_setzero_ps,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_fmadd_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps
    );
}

/// Sixteen sums, or sixteen pairs of bf16 values in the place of sixteen `f32` values.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Pairs(std::arch::x86_64::__m512);

#[cfg(target_arch = "x86_64")]
impl Vector for Pairs {
    const LANES: usize = 16;
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: only code compiled for the instruction set uses this type; so below.
        Self(unsafe { Vector::zero() })
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: as above.
        Self(unsafe { Vector::splat(value) })
    }
    #[inline(always)]
    unsafe fn load(source: *const f32) -> Self {
        // SAFETY: as above; the caller vouches for the pointer.
        Self(unsafe { Vector::load(source) })
    }
    #[inline(always)]
    unsafe fn store(self, destination: *mut f32) {
        // SAFETY: as above; the caller vouches for the pointer.
        unsafe { self.0.store(destination) }
    }
    /// Adds the products of both values of each pair.
    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        use std::arch::x86_64::{__m512, __m512bh, _mm512_dpbf16_ps};
        // SAFETY: as above; both types are 64 bytes in which every bit pattern is a value.
        unsafe {
            let bits = |pairs: Self| std::mem::transmute::<__m512, __m512bh>(pairs.0);
            Self(_mm512_dpbf16_ps(self.0, bits(a), bits(b)))
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { self.0.add(other.0) })
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { self.0.sub(other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { self.0.mul(other.0) })
    }
    #[inline(always)]
    unsafe fn prefetch(address: *const f32) {
        // SAFETY: prefetches do not fault.
        unsafe { <std::arch::x86_64::__m512 as Vector>::prefetch(address) }
    }
}

/// What the compiler makes vectors of on other processors.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; 8]);

impl Vector for Portable {
    const LANES: usize = 8;
    #[inline(always)]
    unsafe fn zero() -> Self {
        Self([0.0; 8])
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 8])
    }
    #[inline(always)]
    unsafe fn load(source: *const f32) -> Self {
        // SAFETY: the caller vouches for the pointer.
        Self(unsafe { source.cast::<[f32; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, destination: *mut f32) {
        // SAFETY: the caller vouches for the pointer.
        unsafe { destination.cast::<[f32; 8]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            if cfg!(target_arch = "aarch64") {
                a.0[lane].mul_add(b.0[lane], self.0[lane])
            } else {
                a.0[lane] * b.0[lane] + self.0[lane]
            }
        }))
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] + other.0[lane]))
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] - other.0[lane]))
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] * other.0[lane]))
    }
    #[inline(always)]
    unsafe fn prefetch(_: *const f32) {}
}
