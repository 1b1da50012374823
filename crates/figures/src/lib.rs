//! Plain numbers in, SVG and PNG out. Knows nothing of models or data sets.
//!
//! There is one drawing path: every figure is drawn as SVG, and its PNG is that SVG rendered at
//! twice its size with the DejaVu Sans carried in the binary. The same numbers give the same bytes.
//!
//! To add a figure: write its file with a struct of plain numbers and a `draw` that returns a
//! [`Figure`]; take colours and sizes from `theme`, axes from `panel`.

mod bars;
mod canvas;
mod contact_sheet;
mod error;
mod evaluation;
mod explanation;
mod heat_map;
mod histogram;
mod number;
mod panel;
mod raster;
mod reliability;
mod robustness;
mod save;
mod strip_plot;
mod text;
mod theme;
mod training;

pub use bars::{Bar, Bars, Notation};
pub use contact_sheet::{ContactSheet, Frame, Tile};
pub use error::{Error, Result};
pub use evaluation::EvaluationFigure;
pub use explanation::{Explained, ExplanationFigure};
pub use heat_map::{HeatMap, HeatMapBlock};
pub use reliability::{ReliabilityBin, ReliabilityFigure, ReliabilityPanel};
pub use robustness::{RobustnessCurve, RobustnessFigure, RobustnessPanel, RobustnessPoint};
pub use save::Figure;
pub use strip_plot::{Strip, StripPanel, StripPlot};
pub use training::{Epoch, TrainingFigure};
