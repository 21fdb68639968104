//! What models have in common that run in this process, through the ONNX runtime.

pub(crate) mod batches;
mod folder;
pub(crate) mod onnx_runtime;
mod session_lane;

pub(crate) use folder::ModelFolder;
pub(crate) use session_lane::{SessionLane, Turn};
