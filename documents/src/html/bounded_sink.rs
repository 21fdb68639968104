use std::borrow::Cow;
use std::cell::{Cell, Ref};

use ego_tree::NodeId;
use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, QualName};
use scraper::{Html, HtmlTreeSink};

/// Builds scraper's tree and counts what goes into it, so that the parser can be stopped while it runs: HTML's error recovery
/// copies unclosed formatting elements into every paragraph, which lets a small page grow without bounds.
pub(super) struct BoundedSink {
    inner: HtmlTreeSink,
    nodes: Cell<usize>,
    appends: Cell<usize>,
    last: Cell<Option<NodeId>>,
}

impl BoundedSink {
    pub(super) fn new(html: Html) -> Self {
        BoundedSink {
            inner: HtmlTreeSink::new(html),
            nodes: Cell::new(0),
            appends: Cell::new(0),
            last: Cell::new(None),
        }
    }

    /// Changes when the parser has put anything into the tree, text included.
    pub(super) fn appends(&self) -> usize {
        self.appends.get()
    }

    /// Elements and comments put into the tree so far.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.get()
    }

    /// Whether the node put in last stands deeper than `limit`.
    pub(super) fn is_deeper_than(&self, limit: usize) -> bool {
        let html = self.inner.0.borrow();
        let Some(node) = self.last.get().and_then(|id| html.tree.get(id)) else {
            return false;
        };
        node.ancestors().take(limit + 1).count() > limit
    }

    fn count(&self, node: &NodeOrText<NodeId>) {
        self.appends.set(self.appends.get() + 1);
        if let NodeOrText::AppendNode(id) = node {
            self.nodes.set(self.nodes.get() + 1);
            self.last.set(Some(*id));
        }
    }
}

impl TreeSink for BoundedSink {
    type Output = Html;
    type Handle = NodeId;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Html {
        self.inner.finish()
    }

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.inner.set_quirks_mode(mode);
    }

    fn get_document(&self) -> NodeId {
        self.inner.get_document()
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        self.inner.same_node(x, y)
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        self.inner.elem_name(target)
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        self.inner.create_element(name, attributes, flags)
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.inner.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.inner.create_pi(target, data)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.count(&child);
        self.inner.append(parent, child);
    }

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        self.count(&child);
        self.inner.append_before_sibling(sibling, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, previous: &NodeId, child: NodeOrText<NodeId>) {
        self.count(&child);
        self.inner.append_based_on_parent_node(element, previous, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public_id: StrTendril, system_id: StrTendril) {
        self.inner.append_doctype_to_document(name, public_id, system_id);
    }

    fn mark_script_already_started(&self, node: &NodeId) {
        self.inner.mark_script_already_started(node);
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.inner.get_template_contents(target)
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attributes: Vec<Attribute>) {
        self.inner.add_attrs_if_missing(target, attributes);
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.inner.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        self.inner.reparent_children(node, new_parent);
    }
}
