//! libjpeg's warnings: which of them mean damaged pixels.
//!
//! Where scan data are damaged libjpeg warns, goes on with zeros and calls the picture whole, and `mozjpeg` listens to no
//! warning. Its handlers are replaced by the same ones that listen.

#![expect(unsafe_code, reason = "libjpeg hands its handlers raw pointers, and has its errors set up by itself")]

use std::ffi::c_int;
use std::panic::resume_unwind;

use mozjpeg_sys::{
    JWRN_BOGUS_PROGRESSION, JWRN_HIT_MARKER, JWRN_HUFF_BAD_CODE, JWRN_JPEG_EOF, JWRN_MUST_RESYNC, jpeg_common_struct,
    jpeg_error_mgr, jpeg_std_error,
};

/// Data that ended early, could not be read or were not where they belong. The others are of what changes no pixel, such as
/// bytes between two segments.
const DAMAGE: [(c_int, &str); 5] = [
    (JWRN_BOGUS_PROGRESSION, "the scans do not refine one another"),
    (JWRN_HIT_MARKER, "the data of a scan end before its last block"),
    (JWRN_HUFF_BAD_CODE, "the data of a scan hold a code of no meaning"),
    (JWRN_JPEG_EOF, "the file ends before its end-of-image marker"),
    (JWRN_MUST_RESYNC, "a restart marker is not where it belongs"),
];

/// Handlers that unwind at errors and at damage.
pub(super) fn handlers() -> jpeg_error_mgr {
    // SAFETY: it consists of numbers, raw pointers and functions that may be absent, all of which may be zero.
    let mut handlers = unsafe { std::mem::zeroed::<jpeg_error_mgr>() };
    // SAFETY: it fills in what it is given and keeps no reference.
    unsafe { jpeg_std_error(&mut handlers) };
    handlers.error_exit = Some(stop);
    handlers.emit_message = Some(stop_at_damage);
    handlers
}

extern "C-unwind" fn stop_at_damage(state: &mut jpeg_common_struct, level: c_int) {
    if level >= 0 {
        return;
    }
    if let Some((_, reason)) = DAMAGE.iter().find(|(code, _)| *code == message_code(state)) {
        resume_unwind(Box::new(*reason));
    }
}

extern "C-unwind" fn stop(state: &mut jpeg_common_struct) {
    resume_unwind(Box::new(message(state)));
}

fn message_code(state: &jpeg_common_struct) -> c_int {
    // SAFETY: libjpeg calls handlers with a state that holds them, and nobody else changes them meanwhile.
    unsafe { (*state.err).msg_code }
}

/// libjpeg's own words for what happened last.
fn message(state: &mut jpeg_common_struct) -> String {
    type Format = unsafe extern "C-unwind" fn(&mut jpeg_common_struct, &[u8; 80]);
    type Fill = unsafe extern "C-unwind" fn(&mut jpeg_common_struct, &mut [u8; 80]);
    // SAFETY: as in `message_code`.
    let Some(format) = (unsafe { (*state.err).format_message }) else {
        return format!("error {}", message_code(state));
    };
    let mut text = [0; 80];
    // SAFETY: libjpeg writes at most 80 bytes (JMSG_LENGTH_MAX), ending in 0; the binding declares them constant, which they
    // are not.
    unsafe { std::mem::transmute::<Format, Fill>(format)(state, &mut text) };
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
