//! Fast CPU operations for detectors.
