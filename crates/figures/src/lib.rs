//! Plain numbers in, SVG and PNG out.
