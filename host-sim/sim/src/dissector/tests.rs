use super::*;

#[test]
fn each_table_is_written_once_and_in_ascii() {
    let script = script();
    assert!(script.is_ascii());
    for (name, _) in tables() {
        assert_eq!(script.matches(&format!("local {name} = ")).count(), 1, "{name}");
    }
    for field in FIELDS {
        assert!(name(field.number).is_some(), "F{}", field.number);
    }
    let known = |line: &str| script.contains(line);
    assert!(known("[32] = { n = \"VERIFY PIN\""), "commands");
    assert!(known("[57089] = { n = \"DF01 card number\""), "objects");
    assert!(known("{ 36864, 36864, \"done\" }"), "status words");
    assert!(known("[9] = { n = \"name\", f = \"text\" }"), "records");
}
