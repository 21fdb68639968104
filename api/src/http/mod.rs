//! What happens around every request, whatever its route.
mod attachment;
mod context;
mod cors;
mod deadline;
mod headers;
mod linger;
mod observe;
mod panics;
mod trace_parent;

pub(crate) use self::attachment::attachment;
pub(crate) use self::context::RequestContext;
pub(crate) use self::deadline::within_deadline;
pub(crate) use self::observe::observe;
pub(crate) use self::panics::panic_problem;
pub(crate) use self::trace_parent::TraceParent;
