/// The open lists of HTML, each with the next number, or `None` for bullets.
#[derive(Default)]
pub(super) struct Lists {
    open: Vec<Option<u64>>,
}

/// More open lists than any page has; beyond, their items have bullets.
const MAX_OPEN: usize = 64;

impl Lists {
    pub(super) fn open(&mut self, first_number: Option<u64>) {
        if self.open.len() < MAX_OPEN {
            self.open.push(first_number);
        }
    }

    pub(super) fn close(&mut self) {
        self.open.pop();
    }

    /// The marker of the next item.
    pub(super) fn marker(&mut self) -> String {
        match self.open.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                marker
            }
            _ => "- ".to_owned(),
        }
    }
}
