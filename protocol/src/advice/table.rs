//! A table of a type's errors, for the tests of every package (feature `testing`).

/// Checks the table of one error type. A row is a variant, how it comes about, its advice and its words.
///
/// A variant without a row does not compile. Two variants must not read the same.
#[macro_export]
macro_rules! error_table {
    ($type:ty { $($variant:pat = $made:expr => $advice:ident, $words:expr;)* }) => {{
        let _ = |error: &$type| match error { $($variant => {})* };
        let mut all = ::std::collections::BTreeSet::<::std::string::String>::new();
        $(
            let error: $type = $made;
            let words = ::std::string::ToString::to_string(&error);
            assert!(matches!(error, $variant), "{error:?}");
            assert_eq!(words, ::std::string::ToString::to_string(&$words));
            assert_eq!(error.advice(), $crate::advice::Advice::$advice, "{error}");
            assert!(all.insert(words), "{error}: another reads the same");
        )*
    }};
}
