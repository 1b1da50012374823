//! Prose held against `results/`: a module for each page or section.

mod ablations;
mod base_recipe;
mod cell;
mod document;
mod ensemble;
mod explanations;
mod few_images;
mod generators;
mod gpu;
mod model_card;
mod pipeline;
mod readme;
mod recipes;
mod robustness;
mod scanning;
mod speed;
