//! Tables of what has a name, a clause of ISO/IEC 7816-3 and a sentence. What stands in them is their owners'.

/// Declares an enum from rows of variant, name, clause and sentence.
macro_rules! clauses {
    ($(#[$doc:meta])* $table:ident: $($variant:ident $name:literal $clause:literal $says:literal)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $table {
            $(#[doc = $says] $variant,)*
        }

        impl $table {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name, in files and reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The clause of ISO/IEC 7816-3 that it is about.
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$variant => $clause,)* }
            }

            /// Its sentence.
            pub const fn says(self) -> &'static str {
                match self { $(Self::$variant => $says,)* }
            }
        }
    };
}

pub(super) use clauses;
