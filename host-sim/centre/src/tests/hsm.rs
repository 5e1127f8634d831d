//! The security module compared with the protocol's own computations.

use std::collections::HashSet;

use qiyong_protocol::card::files::{Access, Generation, key};

use super::*;
use crate::hsm::Hsm;
use crate::key_name::KeyName;

const HISTORICAL: [u8; 13] = [0x00, 0x81, 0x4E, 0x43, 0x23, 0x86, 0x97, 0x15, 0x99, 0x00, 0xBF, 0x7C, 0x7A];

/// The two steps of docs/card.md §1.9, §2.7.
#[test]
fn a_genuine_card_answers_what_the_centre_expects_and_a_forged_one_does_not() {
    use qiyong_protocol::card::keys::{ExternalAuthRule, InternalAuthOrder, SerialFactor};
    let varied = Scheme {
        serial_factor: SerialFactor::SerialAndZeros,
        region_suffix: *b"NJ",
        external_auth: ExternalAuthRule::TerminalBytesAreFactor,
        internal_auth: InternalAuthOrder::FactorThenData,
    };
    let region = Region::new("320100").unwrap();
    for scheme in [Scheme::default(), varied] {
        for algorithm in [Algorithm::TripleDes, Algorithm::Sm4] {
            let hsm = Hsm::with_test_keys(scheme);
            let mut centre = at_noon(Centre::in_memory_with(&hsm).unwrap());
            known_places(&mut centre);
            let ident = hsm.issue_ident(algorithm, &HISTORICAL, region, [1, 2, 3, 4]);
            let question = Authenticate {
                ident,
                historical: &HISTORICAL,
                algorithm,
                internal: *b"0123456789abcdef",
                external: Some(([0x11; 8], [0x22; 8])),
            };
            let answer = send(&mut centre, PHARMACY, Body::Authenticate(question.clone())).unwrap();
            // What the card computes with its own keys.
            let keys = hsm.card_keys(algorithm, &HISTORICAL, region);
            let rkssse = &keys.external.iter().find(|(id, _)| *id == key::READ_SSSE).unwrap().1;
            let internal = scheme.internal_auth(&keys.irk, question.internal);
            let external = Some(scheme.external_auth(rkssse, [0x11; 8], [0x22; 8]));
            assert_eq!(answer, Answer::Authenticated { internal, external });

            let (first_twelve, check) = ident.split();
            assert_eq!(check, scheme.ident_check(&keys.irk, first_twelve));
            assert!(IdentCode::new(*ident.as_bytes()).is_ok() && ident.region() == region);

            let forged = send(
                &mut centre,
                PHARMACY,
                Body::Authenticate(Authenticate { historical: &[0; 13], external: None, ..question }),
            );
            let Answer::Authenticated { internal: other, external: None } = forged.unwrap() else { panic!() };
            assert_ne!(other, internal);
        }
    }
    assert!(centre_with(&inactive(b"X00000019")).hsm().scheme() == Scheme::default());
}

#[test]
fn every_key_the_file_map_names_is_issued_and_no_two_are_equal() {
    let hsm = Hsm::test_keys();
    for generation in Generation::ALL {
        let keys = hsm.card_keys(generation.algorithm(), &HISTORICAL, Region::new("320100").unwrap());
        for file in generation.files() {
            for access in [file.read, file.update] {
                if let Access::Key(id) | Access::PinOrKey(id) | Access::PinAndKey(id) = access {
                    assert!(keys.external.iter().any(|(own, _)| *own == id), "{id:02X}");
                }
            }
        }
        let all = [&keys.irk, &keys.puk, &keys.stk].into_iter().chain(keys.external.iter().map(|(_, key)| key));
        let different: HashSet<_> = all.map(|key| *key.expose()).collect();
        assert_eq!(different.len(), 11);
    }
}

#[test]
fn a_missing_key_is_the_makers_error() {
    let only_sm4 = |algorithm, name| if algorithm == Algorithm::Sm4 { Ok([0; 16].into()) } else { Err(name) };
    assert_eq!(Hsm::new(Scheme::default(), only_sm4).unwrap_err(), KeyName::InternalAuthentication);
    assert_eq!(KeyName::External(0x0A).to_string(), "external-0A");
}
