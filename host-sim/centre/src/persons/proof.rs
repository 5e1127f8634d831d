//! The document by which somebody shows who they are, when an act gives away what is theirs: compared with what is known
//! of the person. Whether the face fits is for the window to see.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Person;
use crate::acts::fields::{Day, Private, Text};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;

/// The document of somebody who is there, or whose document an agent shows.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonProof)]
pub struct Proof {
    /// Its kind, in its word: `id-card`, `passport` and so on
    pub kind: Text,
    /// Its number
    pub number: Private,
    /// The name on it
    pub name: Private,
    /// Its last day; left out for one that is valid for ever
    pub expires: Option<Day>,
}

impl Proof {
    /// Refuses a document that is not this person's, or not valid today.
    ///
    /// # Errors
    /// It is so; `field` is where it stands in the body.
    pub fn is_of(&self, person: &Person, field: &'static str, office: &Office<'_>) -> Result<(), Refusal> {
        let known = &person.particulars;
        let theirs = person.document_kind == self.kind.0
            && known.document.eq_ignore_ascii_case(self.number.expose())
            && known.name == self.name.expose();
        let valid = self.expires.is_none_or(|last| last.0 >= office.today());
        if theirs && valid { Ok(()) } else { Err(General::NotShown(field).into()) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use crate::acts::office::Office;
    use crate::persons;
    use crate::tests::acts::{Bench, somebody};

    /// The document of this person, as a window takes it down.
    pub(crate) fn shown(office: &Office<'_>, number: &str) -> Value {
        let person = persons::get(office, number).unwrap().expect("a person");
        let known = &person.particulars;
        json!({"kind": person.document_kind, "number": known.document, "name": known.name})
    }

    #[test]
    fn a_proof_is_the_persons_own_and_valid_today() {
        let mut bench = Bench::new();
        bench.within(|office| {
            let number = persons::add(office, &somebody(), ("id-card", None), "employee").unwrap();
            let person = persons::get(office, &number).unwrap().unwrap();
            let table: [(&str, Value, bool); 7] = [
                ("name", json!("张三"), true),
                ("number", json!("11010519491231002x"), true),
                ("expires", json!("2026-03-02"), true),
                ("expires", json!("2026-03-01"), false),
                ("kind", json!("passport"), false),
                ("number", json!("110105194912310038"), false),
                ("name", json!("李四"), false),
            ];
            for (field, value, may) in table {
                let mut proof = shown(office, &number);
                proof[field] = value;
                let proof: super::Proof = serde_json::from_value(proof).unwrap();
                let refusal = proof.is_of(&person, "holder", office).err();
                assert_eq!(refusal.is_none(), may, "{field}");
                assert!(
                    refusal.is_none_or(|refusal| refusal.code == "document-not-shown" && !refusal.en.contains("张三"))
                );
            }
        });
    }
}
