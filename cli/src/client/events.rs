//! Server-sent events (WHATWG HTML, "Server-sent events" §9.2.6), read as they arrive.

/// One event that was dispatched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
    pub(crate) id: String,
}

/// Longer lines and events are dropped: no event of ours comes near it.
const MAX_EVENT_BYTES: usize = 4 * 1024 * 1024;

/// Turns bytes into events. Lines end with LF or CRLF (a lone CR, which no server of ours sends, does not end one).
#[derive(Default)]
pub(crate) struct EventParser {
    line: Vec<u8>,
    event: Event,
    too_large: bool,
}

impl EventParser {
    /// Takes the next bytes and gives the events that they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &byte in bytes {
            if byte != b'\n' {
                self.too_large |= self.line.len() + self.event.data.len() >= MAX_EVENT_BYTES;
                if !self.too_large {
                    self.line.push(byte);
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            if line.is_empty() {
                events.extend(self.dispatch());
            } else {
                self.field(&String::from_utf8_lossy(line));
            }
        }
        events
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => self.event.name = value.to_owned(),
            "id" if !value.contains('\0') => self.event.id = value.to_owned(),
            "data" => {
                self.event.data.push_str(value);
                self.event.data.push('\n');
            }
            _ => {} // a comment (empty name), `retry`, or what later versions add
        }
    }

    fn dispatch(&mut self) -> Option<Event> {
        let id = self.event.id.clone();
        let mut event = std::mem::replace(&mut self.event, Event { id, ..Event::default() });
        let complete = !std::mem::take(&mut self.too_large) && event.data.pop().is_some();
        complete.then_some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str, id: &str) -> Event {
        Event {
            name: name.into(),
            data: data.into(),
            id: id.into(),
        }
    }

    #[test]
    fn events_are_read_however_the_bytes_are_cut() {
        let stream =
            "event: state\nid: 7\ndata: {\"a\":\ndata: 1}\n\n: keep-alive\n\nevent: progress\r\ndata:ü\r\n\r\n";
        for size in 1..stream.len() {
            let mut parser = EventParser::default();
            let events: Vec<Event> = stream
                .as_bytes()
                .chunks(size)
                .flat_map(|chunk| parser.feed(chunk))
                .collect();
            assert_eq!(
                events,
                [event("state", "{\"a\":\n1}", "7"), event("progress", "ü", "7")],
                "{size}"
            );
        }
    }

    #[test]
    fn an_event_that_is_cut_off_is_not_given() {
        assert_eq!(EventParser::default().feed(b"event: state\ndata: 1\n"), []);
    }

    #[test]
    fn an_endless_event_is_dropped_and_the_next_one_read() {
        let mut parser = EventParser::default();
        for _ in 0..(MAX_EVENT_BYTES / 1024 + 2) {
            parser.feed(&[b'x'; 1024]);
        }
        assert!(parser.line.len() <= MAX_EVENT_BYTES);
        assert_eq!(parser.feed(b"\n\ndata: 1\n\n"), [event("", "1", "")]);
    }
}
