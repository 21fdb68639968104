//! What Word and PowerPoint draw and people read: equations, charts, diagrams, and what stands for a picture.

mod alt_text;
mod chart;
mod diagram;
mod math;

pub(crate) use alt_text::alt_text;
pub(crate) use chart::append_chart;
pub(crate) use diagram::append_diagram;
pub(crate) use math::{grouped, linear};

use roxmltree::Node;

use crate::package::child;

/// The one reading of markup that has several: the newer form, or the fallback where it is the only one.
pub(crate) fn chosen_content<'a, 'i>(alternate: Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    child(alternate, "Choice").or_else(|| child(alternate, "Fallback"))
}
