//! /v1/webhooks
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod deliveries;
mod dispatch;
mod fields;
pub(crate) mod list;
pub(crate) mod replay;
pub(crate) mod replay_failed;
pub(crate) mod rotate_secret;
pub(crate) mod show;
pub(crate) mod test;
pub(crate) mod update;
