//! Recorded T=0 and T=1 exchanges, played against the terminal's engines: for debugging a recording, or for showing
//! what the engines do in the scenarios of ISO/IEC 7816-3 annex A (`tests/annex_a.exchanges`) and in cases from the field
//! (`tests/field.exchanges`).
//!
//! [`parse`] describes the file, [`problem`] what can be wrong with it, [`replay`] the effect of a token.

pub mod parse;
pub mod problem;
pub mod replay;

#[cfg(test)]
mod tests {
    use super::*;

    const ANNEX_A: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/annex_a.exchanges"));

    const FIELD: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/field.exchanges"));

    #[test]
    fn the_scenarios_of_annex_a_and_the_cases_from_the_field_go_as_written() {
        for (text, least) in [(ANNEX_A, 70), (FIELD, 30)] {
            let exchanges = parse::file(text).unwrap();
            assert!(exchanges.len() >= least, "{} exchanges", exchanges.len());
            for exchange in exchanges {
                assert_eq!(replay::replay(&exchange), Ok(()), "{}", exchange.name);
            }
        }
    }

    #[test]
    fn every_character_of_the_file_counts() {
        // If one digit of what must be sent or delivered is changed, the exchange fails at that token.
        for exchange in parse::file(&[ANNEX_A, FIELD].concat()).unwrap() {
            for (at, token) in exchange.tokens.iter().enumerate() {
                let mut bent = exchange.clone();
                match &mut bent.tokens[at].what {
                    parse::What::Sends(bytes) | parse::What::Response(bytes) => bytes[0] ^= 0x10,
                    parse::What::Error(name) => name.push('x'),
                    _ => continue,
                }
                let failure = replay::replay(&bent).expect_err(&exchange.name);
                assert_eq!(failure.token, token.number, "{}: {failure}", exchange.name);
            }
        }
    }
}
