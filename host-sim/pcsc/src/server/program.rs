//! What a process is called, for people.

use std::fs;

/// The most characters of a program's name that are shown.
const SHOWN: usize = 32;

/// The name of the process with its number, such as `opensc-tool[4711]`; the number alone where the system gives no name. A
/// program chooses its name itself: control characters are left out.
pub(super) fn label(process: i32) -> String {
    let name = fs::read(format!("/proc/{process}/comm")).unwrap_or_default();
    let name: String = String::from_utf8_lossy(&name).chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if process == 0 { "unknown".into() } else { format!("{name}[{process}]") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_called_by_name_and_number() {
        let own = std::process::id();
        assert!(label(own as i32).ends_with(&format!("[{own}]")), "{}", label(own as i32));
        assert!(!label(own as i32).starts_with('['));
        assert_eq!(label(0), "unknown");
        assert_eq!(label(i32::MAX), format!("[{}]", i32::MAX));
    }
}
