//! A small help centre of an invented product, and questions to it.
use answers::Passage;
use uuid::Uuid;

const PAGES: [(&str, &[&str], &str); 12] = [
    (
        "Refunds and returns",
        &["Refunds"],
        "You can return a lamp within 30 days of delivery. Refunds are paid to the original card within 36 hours after the lamp has \
        arrived at our warehouse. Return shipping is free inside the European Union. Lamps with a broken seal cannot be returned.",
    ),
    (
        "Plans and billing",
        &["Plans"],
        "Lumo Cloud has two plans. The Starter plan costs $9 a month and has 3 seats. The Team plan costs $29 a month and has 10 \
        seats. You can change the plan at any time; the difference is charged for the rest of the month.",
    ),
    (
        "Reset your password",
        &["Account", "Password"],
        "If you forgot your password you can set a new one.\n\n1. Open the sign-in page and click **Forgot password**.\n2. Enter \
        your e-mail address.\n3. Follow the link in the message; it is valid for 20 minutes.\n4. Choose a password with at least 12 characters.",
    ),
    (
        "Invite teammates",
        &["Account", "Members"],
        "Admins invite members from the team page.\n\n1. Open Settings and choose Members.\n2. Click Invite and enter an \
        e-mail address.\n3. Pick a role and press Send.",
    ),
    (
        "Delete a workspace",
        &["Account"],
        "Only owners can delete a workspace. Deleted workspaces can be restored for 14 days. After that all data is erased for good.",
    ),
    (
        "Connect a lamp",
        &["Devices"],
        "Hold the button for five seconds until the ring blinks blue. The lamp joins the 2.4 GHz network only. It does not support \
        5 GHz networks.",
    ),
    (
        "Battery and charging",
        &["Devices", "Battery"],
        "A full charge takes 2 hours and lasts for 18 hours at medium brightness. The battery cannot be replaced by the user.",
    ),
    (
        "Where your data is stored",
        &["Privacy"],
        "All customer data is stored in Frankfurt, Germany. Backups are encrypted and kept for 35 days.",
    ),
    (
        "Integrations",
        &["Integrations"],
        "Lumo Cloud sends alerts to Slack and Microsoft Teams. Webhooks carry a signature in the X-Lumo-Signature header.",
    ),
    (
        "Contact us",
        &["Support"],
        "Our support team answers on weekdays from 9:00 to 17:30 CET. Write to help@lumo.example for anything else.",
    ),
    (
        "Export reports",
        &["Reports"],
        "To export a report, open it and choose Export as CSV. Exports include comments and are kept for 7 days.",
    ),
    (
        "Water resistance",
        &["Devices"],
        "Lumo lamps float on water and survive rain. They do not survive diving: keep them above the surface.",
    ),
];

/// The pages as passages, best first by the words they share with the question: a stand-in for retrieval.
pub(crate) fn retrieve(question: &str) -> Vec<Passage> {
    let lower = question.to_lowercase();
    let terms: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 3)
        .collect();
    let mut ranked: Vec<Passage> = PAGES
        .iter()
        .enumerate()
        .map(|(index, (title, headings, text))| {
            let page = format!("{title} {text}").to_lowercase();
            let shared = terms
                .iter()
                .filter(|term| page.contains(&term[..term.len().min(5)]))
                .count();
            let id = Uuid::from_u128(index as u128 + 1);
            Passage {
                chunk_id: id,
                document_id: id,
                title: (*title).to_owned(),
                headings: headings.iter().map(|heading| (*heading).to_owned()).collect(),
                text: (*text).to_owned(),
                score: shared as f32,
                cosine: 0.0,
            }
        })
        .collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranked.truncate(5);
    ranked
}
