//! What the memories of the tests have in common: they differ from the one within them in how a transaction is noted, not in how
//! a batch is settled.

/// The part of `qiyong_firmware::terminal::Memory` that is about a batch, as the field `memory` has it.
#[macro_export]
macro_rules! settles_as_its_memory {
    () => {
        fn unsettled(
            &self,
            settings: &::qiyong_firmware::terminal::Settings,
        ) -> Option<::qiyong_protocol::centre::Batch> {
            self.memory.unsettled(settings)
        }

        fn is_full(&self) -> bool {
            self.memory.is_full()
        }

        fn totals(&self) -> ::qiyong_protocol::centre::Totals {
            self.memory.totals()
        }

        fn uploads(
            &mut self,
            from: u32,
            room: &mut ::heapless::Vec<::qiyong_protocol::centre::Entry, { ::qiyong_protocol::centre::UPLOAD_MAX }>,
        ) -> Result<(), ::qiyong_firmware::terminal::MemoryError> {
            self.memory.uploads(from, room)
        }

        fn settled(&mut self) -> Result<(), ::qiyong_firmware::terminal::MemoryError> {
            self.memory.settled()
        }
    };
}
