//! Standard output.

use std::io::{ErrorKind, Result, StdoutLock, Write};

/// Standard output. Whoever reads it may stop, as in `fauxto list | head -1`: what is written after that goes nowhere,
/// the work goes on, and the exit code says what came of it.
pub(crate) fn output() -> Output {
    Output(std::io::stdout().lock())
}

/// See [`output`].
pub(crate) struct Output(StdoutLock<'static>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}
