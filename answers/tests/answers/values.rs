//! Answers that are a value: of the thing that is asked about, in whatever form it stands.
use crate::choosing::{abstained, answer, page};
use answers::AbstainCode;

#[test]
fn another_things_value_is_no_answer() {
    for price in ["40 CHF", "CHF 40", "400 kr", "40 zł", "Rs. 400", "40"] {
        let permit = format!("The permit costs {price}.");
        let prices = [page("Prices", &format!("{permit}\n\nThe visa costs 15 dollars."))];
        assert_eq!(
            answer("How much does the permit cost?", &prices),
            [permit.as_str()],
            "{price}"
        );
    }
    let visas = [page("Prices", "The permit is dear.\n\nThe visa costs 15 dollars.")];
    assert_eq!(
        abstained("How much does the permit cost?", &visas),
        AbstainCode::ValueNotGiven
    );
}

#[test]
fn days_may_be_working_days() {
    let refunds = [page(
        "Refunds",
        "Refunds take 10 working days.\n\nExpress refunds take one day.",
    )];
    assert_eq!(
        answer("How long do refunds take?", &refunds)[0],
        "Refunds take 10 working days."
    );
    let delivery = [page(
        "Delivery",
        "Delivery takes 3-5 business days.\n\nExpress delivery takes 1 day.",
    )];
    assert_eq!(
        answer("How long does delivery take?", &delivery)[0],
        "Delivery takes 3-5 business days."
    );
    let filters = [page(
        "Care",
        "The filter is changed fortnightly.\n\nThe oil is changed every 2 years.",
    )];
    assert_eq!(
        answer("How often is the filter changed?", &filters),
        ["The filter is changed fortnightly."]
    );
}

#[test]
fn a_number_under_price_is_a_price() {
    let crates = "The pickup costs 15 dollars.\n\nItem | Price in EUR\nCrate | 31.40\nPallet | 88";
    let said = answer("What is the price of a pallet?", &[page("Prices", crates)]);
    assert!(said.contains(&"Pallet | 88".to_owned()), "{said:?}");
    let chairs = "Product | Price | Currency | Stock\nCygnus chair | 119.50 | EUR | 0\nAquila desk | 230 | EUR | 4";
    for (question, row) in [
        ("What does the Cygnus chair cost?", "Cygnus chair | 119.50 | EUR | 0"),
        ("What is the price of the Aquila desk?", "Aquila desk | 230 | EUR | 4"),
    ] {
        let said = answer(question, &[page("products.csv", chairs)]);
        assert_eq!(said.last().unwrap(), row, "{said:?}");
    }
}

#[test]
fn how_much_may_ask_for_a_measure() {
    let cable = [page("Cable", "The cable weighs 200 g. It costs 5 dollars.")];
    assert_eq!(
        answer("How much does the cable weigh?", &cable)[0],
        "The cable weighs 200 g."
    );
    let tank = [page("Tank", "The tank holds 40 litres of water.")];
    assert_eq!(
        answer("How much water does the tank hold?", &tank),
        ["The tank holds 40 litres of water."]
    );
}

#[test]
fn a_telephone_number_with_gaps_is_one() {
    let desk = "You can call the sales desk at +44 20 7946 0991 from nine to five.";
    assert_eq!(
        answer("What is the phone number of the sales desk?", &[page("Sales", desk)]),
        [desk]
    );
    assert_eq!(answer("How can I contact sales?", &[page("Sales", desk)]), [desk]);
    let store = "Write to help@store.example or call 0771-123 456.";
    assert_eq!(answer("What is your phone number?", &[page("Store", store)]), [store]);
    assert_eq!(answer("What is your e-mail address?", &[page("Store", store)]), [store]);
}
