use super::FORMAT;
use crate::ParseError;
use crate::package::{Package, attribute};

/// Fonts are obfuscated in these ways, so that nobody takes them out; text never is.
const OBFUSCATIONS: [&str; 2] = ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"];
/// What the rights management of Adobe, Apple and Readium leaves in a book.
const LICENCES: [&str; 3] = ["META-INF/rights.xml", "META-INF/sinf.xml", "META-INF/license.lcpl"];

/// Refuses a book under rights management.
///
/// # Errors
/// [`ParseError::Encrypted`].
pub(super) fn check(package: &mut Package<'_>) -> Result<(), ParseError> {
    let encrypted = ParseError::Encrypted { format: FORMAT };
    if LICENCES.iter().any(|name| package.has(name)) {
        return Err(encrypted);
    }
    let Some(part) = package.part("META-INF/encryption.xml")? else {
        return Ok(());
    };
    let tree = part.tree()?;
    let mut methods = tree
        .descendants()
        .filter(|node| node.tag_name().name() == "EncryptionMethod")
        .filter(|node| {
            node.parent()
                .is_some_and(|around| around.tag_name().name() == "EncryptedData")
        });
    match methods.all(|method| attribute(method, "Algorithm").is_some_and(|said| OBFUSCATIONS.contains(&said))) {
        true => Ok(()),
        false => Err(encrypted),
    }
}
