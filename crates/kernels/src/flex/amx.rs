//! The instructions behind [`tiles`](super::tiles), and whether they are there.
//!
//! They are written as assembly, since the standard library's names for them are not stable. No compiled code uses
//! tiles by itself, so what one statement leaves in them is there for the next.
#![allow(unsafe_code)]

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) use present::{add_products, configure, is_available, load, release, store};

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(super) use absent::{add_products, configure, is_available, load, release, store};

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod present {
    use std::arch::{
        asm,
        x86_64::{__cpuid_count, __get_cpuid_max, _xgetbv},
    };

    use crate::flex::{microkernel::PANEL, tiles::SIDE};

    /// Bytes of a row of a tile.
    const ROW: u16 = 64;

    /// Whether the processor multiplies tiles of bf16 and the system keeps them for this process.
    pub(in crate::flex) fn is_available() -> bool {
        /// In leaf 7's `edx`.
        const AMX_BF16: u32 = 1 << 22;
        const AMX_TILE: u32 = 1 << 24;
        /// In leaf 1's `ecx`: the system keeps registers by `xsave`.
        const OSXSAVE: u32 = 1 << 27;
        /// Registers that the system keeps: tiles and their configuration.
        const KEPT: u64 = 0b11 << 17;
        /// Linux, `arch/x86/include/uapi/asm/prctl.h`: a process asks once to have the tiles' 8 KiB kept for it.
        const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
        const XFEATURE_XTILEDATA: libc::c_long = 18;

        #[target_feature(enable = "xsave")]
        fn kept() -> u64 {
            // SAFETY: the system has enabled `xsave`.
            unsafe { _xgetbv(0) }
        }

        if __get_cpuid_max(0).0 < 7 || __cpuid_count(1, 0).ecx & OSXSAVE == 0 {
            return false;
        }
        let wanted = AMX_BF16 | AMX_TILE;
        // SAFETY: `OSXSAVE` says that `xgetbv` is there.
        if __cpuid_count(7, 0).edx & wanted != wanted || unsafe { kept() } & KEPT != KEPT {
            return false;
        }
        // SAFETY: the call changes nothing but what this process may use.
        unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0 }
    }

    /// Makes all eight tiles of this thread sixteen rows of 64 bytes.
    ///
    /// # Safety
    /// [`is_available`].
    pub(in crate::flex) unsafe fn configure() {
        #[repr(C, align(64))]
        struct Configuration {
            palette: u8,
            start: u8,
            reserved: [u8; 14],
            bytes: [u16; 16],
            rows: [u8; 16],
        }
        let mut shapes = Configuration { palette: 1, start: 0, reserved: [0; 14], bytes: [0; 16], rows: [0; 16] };
        shapes.bytes[..8].fill(ROW);
        shapes.rows[..8].fill(SIDE as u8);
        // SAFETY: the caller's promise.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const shapes, options(nostack, readonly)) };
    }

    /// Gives the tiles of this thread back: the system need not keep them from here on.
    ///
    /// # Safety
    /// [`is_available`].
    pub(in crate::flex) unsafe fn release() {
        // SAFETY: the caller's promise.
        unsafe { asm!("tilerelease", options(nostack)) };
    }

    /// Sets the four tiles of sums.
    ///
    /// # Safety
    /// The tiles are configured; thirty-two rows of [`PANEL`] values, `stride` apart, can be read.
    pub(in crate::flex) unsafe fn load(source: *const f32, stride: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            asm!(
                "tileloadd tmm0, [{upper} + {stride}]",
                "tileloadd tmm1, [{upper} + {stride} + 64]",
                "tileloadd tmm2, [{lower} + {stride}]",
                "tileloadd tmm3, [{lower} + {stride} + 64]",
                upper = in(reg) source,
                lower = in(reg) source.wrapping_add(SIDE * stride),
                stride = in(reg) 4 * stride,
                options(nostack, readonly),
            );
        }
    }

    /// Adds `steps` products, at least one, of two tiles of the left and two of the right to the sums. Tiles have rows
    /// `strides` bytes apart, and follow each other in `distances` bytes.
    ///
    /// # Safety
    /// The tiles are configured, and all that is named can be read.
    pub(in crate::flex) unsafe fn add_products(
        [[upper, lower], [first, second]]: [[*const f32; 2]; 2],
        [left_stride, right_stride]: [usize; 2],
        [left_distance, right_distance]: [usize; 2],
        steps: usize,
    ) {
        debug_assert!(steps > 0);
        // SAFETY: the caller's promise.
        unsafe {
            asm!(
                "2:",
                "tileloadd tmm4, [{upper} + {left_stride}]",
                "tileloadd tmm6, [{first} + {right_stride}]",
                "tileloadd tmm7, [{second} + {right_stride}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm5, [{lower} + {left_stride}]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "add {upper}, {left_distance}",
                "add {lower}, {left_distance}",
                "add {first}, {right_distance}",
                "add {second}, {right_distance}",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "dec {steps}",
                "jnz 2b",
                upper = inout(reg) upper => _,
                lower = inout(reg) lower => _,
                first = inout(reg) first => _,
                second = inout(reg) second => _,
                left_stride = in(reg) left_stride,
                right_stride = in(reg) right_stride,
                left_distance = in(reg) left_distance,
                right_distance = in(reg) right_distance,
                steps = inout(reg) steps => _,
                options(nostack, readonly),
            );
        }
    }

    /// Writes the sums.
    ///
    /// # Safety
    /// The tiles are configured; thirty-two rows of [`PANEL`] values, `stride` apart, can be written.
    pub(in crate::flex) unsafe fn store(target: *mut f32, stride: usize) {
        const { assert!(PANEL == 2 * SIDE) };
        // SAFETY: the caller's promise.
        unsafe {
            asm!(
                "tilestored [{upper} + {stride}], tmm0",
                "tilestored [{upper} + {stride} + 64], tmm1",
                "tilestored [{lower} + {stride}], tmm2",
                "tilestored [{lower} + {stride} + 64], tmm3",
                upper = in(reg) target,
                lower = in(reg) target.wrapping_add(SIDE * stride),
                stride = in(reg) 4 * stride,
                options(nostack),
            );
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod absent {
    const NONE: &str = "there are no tiles here";

    pub(in crate::flex) fn is_available() -> bool {
        false
    }

    pub(in crate::flex) unsafe fn configure() {
        unreachable!("{NONE}")
    }

    pub(in crate::flex) unsafe fn release() {
        unreachable!("{NONE}")
    }

    pub(in crate::flex) unsafe fn load(_: *const f32, _: usize) {
        unreachable!("{NONE}")
    }

    pub(in crate::flex) unsafe fn add_products(_: [[*const f32; 2]; 2], _: [usize; 2], _: [usize; 2], _: usize) {
        unreachable!("{NONE}")
    }

    pub(in crate::flex) unsafe fn store(_: *mut f32, _: usize) {
        unreachable!("{NONE}")
    }
}
