//! Whatever is sent, the answer is a result or a problem that says what is wrong: never a 5xx, never a panic.
mod acceptable;
mod malformed;
mod naughty_strings;
