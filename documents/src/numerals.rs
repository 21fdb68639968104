//! Numbers as letters and as Romans wrote them, for the lists of Office files.

/// a to z, then aa, bb …
pub(crate) fn letters(number: u32) -> String {
    let Some(zero_based) = number.checked_sub(1).filter(|zero_based| *zero_based < 26 * 5) else {
        return number.to_string();
    };
    let letter = char::from(b'a' + u8::try_from(zero_based % 26).unwrap_or(0));
    letter.to_string().repeat(zero_based as usize / 26 + 1)
}

/// As it is beyond what Romans could write.
pub(crate) fn roman(number: u32) -> String {
    if !(1..4000).contains(&number) {
        return number.to_string();
    }
    const SIGNS: [(u32, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    let mut rest = number;
    let mut text = String::new();
    for (value, sign) in SIGNS {
        while rest >= value {
            text.push_str(sign);
            rest -= value;
        }
    }
    text
}
