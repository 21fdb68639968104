/// What a reproduction saw.
pub(crate) struct Finding {
    /// Whether the defect is there, as documented.
    pub(crate) reproduced: bool,
    /// What was seen, with figures, in one line.
    pub(crate) observed: String,
}

impl Finding {
    pub(crate) fn new(reproduced: bool, observed: impl Into<String>) -> Self {
        Self {
            reproduced,
            observed: observed.into(),
        }
    }

    pub(crate) fn verdict(&self) -> &'static str {
        if self.reproduced {
            "reproduced"
        } else {
            "not reproduced (fixed?)"
        }
    }
}
