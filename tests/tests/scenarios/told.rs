//! How `qiyong scenario run` tells a run: as a story, as a report for a build server, for folders; and what never happens.

use std::fs;
use std::path::Path;
use std::process::Command;

use qiyong_tests::closing::closing_line;
use qiyong_tests::qiyong;
use qiyong_tests::scenarios::{FOLDER, Ran, objects, root, run};

/// A scenario that passes.
fn good() -> String {
    fs::read_to_string(root().join(FOLDER).join("rule-pharmacy-first-purchase.toml")).expect("a scenario")
}

/// The same, with a link that is to disturb what is never sent.
fn idle(must_fire: &str) -> String {
    let step = format!(
        "[[step]]\n{must_fire}terminal = \"till\"\ndo = \"query\"\ncancel = \"card\"\nlink = \"request-lost\"\n"
    );
    let terminal = good().lines().find(|line| line.starts_with("terminal = ")).expect("a terminal").to_owned();
    good().replace("[expect.card", &format!("{}\n[expect.card", step.replace("terminal = \"till\"", &terminal)))
}

fn run_in(folder: &Path, names: &[&str], options: &[&str]) -> Ran {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    run(folder, &names, options)
}

#[test]
fn a_story_is_the_demos_for_the_demos_file() {
    let demo = |options: &[&str]| {
        let said = Command::new(qiyong()).arg("demo").args(options).output().expect("the demo");
        assert!(said.status.success());
        String::from_utf8(said.stdout).expect("UTF-8")
    };
    let file = format!("{FOLDER}/demo.toml");
    for (options, demo) in [(&["--story"], demo(&[])), (&["--trace"], demo(&["--trace"]))] {
        let ran = run_in(root(), &[&file], options);
        let story = ran.stdout.strip_prefix(&*demo).unwrap_or_else(|| panic!("{options:?} tells otherwise"));
        assert!(
            story.starts_with(&format!("ok    {file}: ")) && story.ends_with("1 of 1 scenarios passed\n"),
            "{story}"
        );
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "and no bar where nobody looks");
    }
    // One or the other.
    for option in ["--story", "--trace"] {
        let ran = run_in(root(), &[&file], &[option, "--json"]);
        assert!(ran.code == Some(2) && ran.stderr.contains("--json"), "{}", ran.stderr);
    }
}

#[test]
fn a_folder_is_all_its_files_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["all", "all/deep", "all/.hidden", "empty"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    for name in
        ["all/b.toml", "all/a.toml", "all/deep/c.toml", "all/.hidden/d.toml", "all/.e.toml", "all/f.txt", "z.toml"]
    {
        fs::write(folder.path().join(name), good()).unwrap();
    }
    let ran = run_in(folder.path(), &["z.toml", "all"], &["--json"]);
    let files: Vec<_> = objects(&ran.stdout).iter().map(|object| object["file"].as_str().unwrap().to_owned()).collect();
    assert_eq!(files, ["z.toml", "all/a.toml", "all/b.toml", "all/deep/c.toml"]);
    let ran = run_in(folder.path(), &["z.toml", "empty"], &[]);
    assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "nothing is played");
    assert!(ran.stderr.contains("empty: there is no scenario in this folder"), "{}", ran.stderr);
}

#[test]
fn what_never_happens_fails_the_file_or_is_only_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("must.toml"), idle("")).unwrap();
    fs::write(folder.path().join("may.toml"), idle("must_fire = false\n")).unwrap();
    let line = |text: String| text.lines().position(|line| line.starts_with("link = ")).unwrap() + 1;
    let says = "`link` never disturbed a message: choose an operation that sends one, or take it out";
    for (file, text, must) in [("must.toml", idle(""), true), ("may.toml", idle("must_fire = false\n"), false)] {
        let sentence = format!("step 2: {says} (line {} of the file)", line(text.clone()));
        let ran = run_in(folder.path(), &[file], &[]);
        assert_eq!(ran.code, Some(i32::from(must)), "{}", ran.stdout);
        let told = if must { format!("      {sentence}\n") } else { format!("note  {sentence}\n") };
        assert!(ran.stdout.contains(&told), "{told}: {}", ran.stdout);
        let object = objects(&run_in(folder.path(), &[file], &["--json"]).stdout).remove(0);
        let never = &object["never_fired"][0];
        assert_eq!((&never["step"], &never["key"], &never["line"]), (&2.into(), &"link".into(), &line(text).into()));
        assert_eq!((&never["must_fire"], &never["says"]), (&must.into(), &says.into()));
        assert_eq!(object["passed"], !must);
    }
}

/// What JUnit's readers expect of a file, as far as ours says it.
const SCHEMA: &str = r#"<?xml version="1.0"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="seconds"><xs:restriction base="xs:decimal"><xs:minInclusive value="0"/></xs:restriction></xs:simpleType>
  <xs:attributeGroup name="counts">
    <xs:attribute name="name" type="xs:string" use="required"/>
    <xs:attribute name="tests" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="failures" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="errors" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="skipped" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="time" type="seconds" use="required"/>
  </xs:attributeGroup>
  <xs:complexType name="why"><xs:simpleContent><xs:extension base="xs:string">
    <xs:attribute name="type" type="xs:string"/><xs:attribute name="message" type="xs:string" use="required"/>
  </xs:extension></xs:simpleContent></xs:complexType>
  <xs:element name="testsuites"><xs:complexType><xs:sequence><xs:element name="testsuite"><xs:complexType><xs:sequence>
    <xs:element name="testcase" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:choice minOccurs="0">
        <xs:element name="failure" type="why"/><xs:element name="error" type="why"/><xs:element name="skipped" type="why"/>
      </xs:choice>
      <xs:element name="system-out" type="xs:string" minOccurs="0"/>
    </xs:sequence>
      <xs:attribute name="name" type="xs:string" use="required"/>
      <xs:attribute name="classname" type="xs:string" use="required"/>
      <xs:attribute name="time" type="seconds" use="required"/>
    </xs:complexType></xs:element>
  </xs:sequence><xs:attributeGroup ref="counts"/></xs:complexType></xs:element></xs:sequence>
  <xs:attributeGroup ref="counts"/></xs:complexType></xs:element>
</xs:schema>"#;

/// Whether xmllint finds that this file is as [`SCHEMA`] says.
fn is_valid(folder: &Path, file: &str) -> bool {
    fs::write(folder.join("junit.xsd"), SCHEMA).unwrap();
    let xmllint = Command::new("xmllint").current_dir(folder).args(["--noout", "--schema", "junit.xsd", file]).output();
    xmllint.expect("xmllint; `cargo xtask setup` installs it").status.success()
}

/// What xmllint finds at this place of the file.
fn at(folder: &Path, path: &str) -> String {
    let ran = Command::new("xmllint").current_dir(folder).args(["--xpath", path, "report.xml"]).output().unwrap();
    String::from_utf8(ran.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn the_report_for_build_servers_is_valid_and_says_what_the_run_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let hard = good().replacen("title = \"", "title = \"<b> & \\u001b[31m \\\" 启用 ]]> ", 1);
    for (name, text) in [
        ("a.toml", hard),
        ("b.toml", good().replacen("outcome = \"approved\"", "outcome = \"refused\"", 1)),
        ("c.toml", "title = 1".into()),
        ("d.toml", idle("must_fire = false\n")),
    ] {
        fs::write(path.join(name), text).unwrap();
    }
    fs::write(path.join("report.xml"), "an older one").unwrap();
    let ran = run_in(path, &["."], &["--junit", "report.xml"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(is_valid(path, "report.xml"), "{}", fs::read_to_string(path.join("report.xml")).unwrap());
    for (place, what) in [
        ("string(//testsuite/@tests)", "4"),
        ("string(//testsuite/@failures)", "1"),
        ("string(//testsuite/@errors)", "1"),
        ("string(//testsuite/@skipped)", "0"),
        ("string(//testcase[2]/@classname)", "./b.toml"),
        ("string(//testcase[2]/failure/@message)", "step 1: outcome should be refused, but is approved"),
        ("string(//testcase[3]/@name)", "./c.toml"),
        ("count(//testcase[1]/*)", "0"),
    ] {
        assert_eq!(at(path, place), what, "{place}");
    }
    assert!(
        at(path, "string(//testcase[1]/@name)").starts_with("<b> & ")
            && at(path, "string(//testcase[1]/@name)").contains("启用 ]]>")
    );
    assert!(at(path, "string(//testcase[3]/error/@message)").starts_with("line 1, column 9: invalid type"));
    assert!(at(path, "string(//testcase[4]/system-out)").contains("or take it out (line "));

    // Deliberate faults, which the reader must see.
    let report = fs::read_to_string(path.join("report.xml")).unwrap();
    let faults = [
        ("a closing tag lost", "</testcase>", ""),
        ("a count that is none", "tests=\"4\"", "tests=\"four\""),
        ("a case without a class", "classname=", "class="),
        ("a failure outside of its case", "</testcase>", "</testcase><failure message=\"\"/>"),
        ("an ampersand as it is", "&amp;", "&"),
        ("another result", "<error ", "<wrong "),
    ];
    for (name, from, to) in faults {
        assert!(report.contains(from), "{name}");
        fs::write(path.join("broken.xml"), report.replacen(from, to, 1)).unwrap();
        assert!(!is_valid(path, "broken.xml"), "{name}");
    }
    closing_line(&format!("faults in a report for build servers caught: {0} of {0}", faults.len()));

    // Where it cannot be written, the run is told all the same.
    let ran = run_in(path, &["d.toml"], &["--junit", "none/report.xml"]);
    assert!(ran.stdout.ends_with("1 of 1 scenarios passed\n") && ran.code == Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("none/report.xml: the report cannot be written"), "{}", ran.stderr);
}
